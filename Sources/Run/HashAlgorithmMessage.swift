import Digests
import Ground

extension HashAlgorithm: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        switch try message.next(UInt8.self) {
        case 0: self = .blake3(.hash, digestBytes: try message.next())
        case 1: self = .blake3(.keyed(try message.nextArray()), digestBytes: try message.next())
        case 2: self = .blake3(.deriveKey(context: try message.nextText()), digestBytes: try message.next())
        case 3: self = .sha256
        case 4: self = .sha512
        case 5: self = .sha1
        case 6: self = .md5
        case 7: self = .crc32
        case 8: self = .crc32c
        case 9: self = .crc64nvme
        case 10: self = .s3ETag(partBytes: try message.next())
        case 11: self = .s3SHA256(partBytes: try message.next())
        case 12: self = .s3CRC32C(partBytes: try message.next())
        case 13: self = .dropbox
        case 14: self = .fsveritySHA256(salt: try message.nextArray())
        default: self = .fsveritySHA512(salt: try message.nextArray())
        }
    }

    package func write(to message: inout MessageWriter) {
        switch self {
        case .blake3(.hash, let digestBytes): message.add(0, digestBytes)
        case .blake3(.keyed(let key), let digestBytes):
            message.add(UInt8(1))
            message.add(each: key)
            message.add(digestBytes)
        case .blake3(.deriveKey(let context), let digestBytes):
            message.add(UInt8(2))
            message.add(text: context)
            message.add(digestBytes)
        case .sha256: message.add(UInt8(3))
        case .sha512: message.add(UInt8(4))
        case .sha1: message.add(UInt8(5))
        case .md5: message.add(UInt8(6))
        case .crc32: message.add(UInt8(7))
        case .crc32c: message.add(UInt8(8))
        case .crc64nvme: message.add(UInt8(9))
        case .s3ETag(let partBytes): message.add(10, partBytes)
        case .s3SHA256(let partBytes): message.add(11, partBytes)
        case .s3CRC32C(let partBytes): message.add(12, partBytes)
        case .dropbox: message.add(UInt8(13))
        case .fsveritySHA256(let salt):
            message.add(UInt8(14))
            message.add(each: salt)
        case .fsveritySHA512(let salt):
            message.add(UInt8(15))
            message.add(each: salt)
        }
    }
}

extension MessageWriter {
    fileprivate mutating func add<Value: BitwiseCopyable>(_ tag: UInt8, _ value: Value) {
        add(tag)
        add(value)
    }
}
