import Ground

/// One of several shares of all names: which share a name is in follows from the name alone.
///
/// So no share has to know of the other names, however many there are, and a file that comes or goes meanwhile moves no
/// other. Shares have about equally many names, and nobody has asked for the files' sizes.
package struct NameShare: Sendable {
    private let number: UInt64
    private let count: UInt64

    /// - Parameter number: counted from 1, up to `count`.
    package init(_ number: Int, of count: Int) {
        (self.number, self.count) = (UInt64(number - 1), UInt64(count))
    }

    /// - Parameter name: of what is found under a folder the path from that folder on, which is the same wherever the
    ///   folder is.
    func has(_ name: UnsafeRawBufferPointer) -> Bool {
        // The check has the same high bits for many names that are alike; multiplied by 2^64 over the golden ratio it has not.
        let mixed = UInt64(CRC32C.checksum(of: name)) &* 0x9E37_79B9_7F4A_7C15
        return mixed.multipliedFullWidth(by: count).high == number
    }

    func has(_ name: String) -> Bool {
        FileName.bytes(of: name).withUnsafeBytes { has($0) }
    }
}
