import ArgumentParser

/// A size such as 4096, 512K, 8M, 1MiB or 2GB; all units are powers of 1024, as in zstd.
package struct ByteSize: ExpressibleByArgument {
    package let bytes: UInt64

    package var defaultValueDescription: String { "\(bytes)" }

    package init(bytes: UInt64) {
        self.bytes = bytes
    }

    package init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let shifts: [String: UInt64] = [
            "": 0, "K": 10, "KB": 10, "KIB": 10, "M": 20, "MB": 20, "MIB": 20, "G": 30, "GB": 30, "GIB": 30, "T": 40,
            "TB": 40, "TIB": 40,
        ]
        guard let number = UInt64(digits), let shift = shifts[argument.dropFirst(digits.count).uppercased()] else {
            return nil
        }
        let (bytes, overflowed) = number.multipliedReportingOverflow(by: 1 << shift)
        if overflowed { return nil }
        self.bytes = bytes
    }
}
