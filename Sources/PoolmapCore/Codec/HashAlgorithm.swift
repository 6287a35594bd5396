import Crypto
import Glibc
import SystemPackage

/// The digests of whole files, as coreutils' tools make them.
public enum HashAlgorithm: String, Codable, CaseIterable, Sendable {
    /// As `sha256sum`.
    case sha256
    /// As `sha512sum`.
    case sha512
    /// As `sha1sum`; broken against someone who wants two files with one digest.
    case sha1
    /// As `md5sum`; broken likewise.
    case md5

    /// The digest of all that can be read, in lowercase hexadecimal digits, and how much that was.
    func digest(
        of descriptor: FileDescriptor, through buffer: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> (digest: String, byteCount: UInt64) {
        switch self {
        case .sha256: try digest(SHA256(), of: descriptor, through: buffer)
        case .sha512: try digest(SHA512(), of: descriptor, through: buffer)
        case .sha1: try digest(Insecure.SHA1(), of: descriptor, through: buffer)
        case .md5: try digest(Insecure.MD5(), of: descriptor, through: buffer)
        }
    }

    /// The digest of a file, which must not change meanwhile.
    func digest(
        ofFile path: String, through buffer: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> (digest: String, byteCount: UInt64) {
        let input = try InputFile.open(path: path)
        if !input.isRegular {
            // A named pipe may have no writer yet.
            _ = try input.hasInput(timeout: nil)
        }
        let result = try digest(of: input.descriptor, through: buffer)
        try input.requireUnchanged()
        if input.isRegular && result.byteCount != input.byteCount {
            throw PoolmapError(.changed, "changed while it was read")
        }
        return result
    }

    private func digest(
        _ function: some HashFunction, of descriptor: FileDescriptor, through buffer: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> (digest: String, byteCount: UInt64) {
        var function = function
        var byteCount: UInt64 = 0
        while true {
            let count = try attempt("cannot read") { () throws(Errno) in
                try retryingInterrupted { read(descriptor.rawValue, buffer.baseAddress, buffer.count) }
            }
            if count == 0 { break }
            function.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            byteCount += UInt64(count)
        }
        return (hexadecimal(function.finalize()), byteCount)
    }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
