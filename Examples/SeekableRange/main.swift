// The frames of a seekable Zstandard file, and some bytes from the middle of its content.
//
//     swift run SeekableRange [FILE]      the default is fixtures/poolmap.zst

import Glibc
import SeekableZstd
import SystemPackage

let path = CommandLine.arguments.dropFirst().first ?? "fixtures/poolmap.zst"
let file = try FileDescriptor.open(FilePath(path), .readOnly)
let size = UInt64(try file.seek(offset: 0, from: .end))

func read(_ offset: UInt64, _ count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { space, done in
        done = try file.read(fromAbsoluteOffset: Int64(offset), into: UnsafeMutableRawBufferPointer(space))
    }
}

guard let reader = try SeekableReader(fileBytes: size, read: read) else {
    print("\(path) has no seek table that covers it")
    exit(1)
}
for frame in reader.frames {
    print("bytes \(frame.bytes) of the file hold \(frame.content) of \(reader.contentBytes)")
}
let block = try reader.content(in: 4084..<4108, read: read)
print(String(decoding: block, as: UTF8.self))
