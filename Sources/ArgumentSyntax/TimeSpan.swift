import ArgumentParser

/// A duration such as 10, 1.5, 30s, 5m, 2h or 1d; a number alone means seconds, as for `timeout`.
package struct TimeSpan: ExpressibleByArgument {
    package let nanoseconds: UInt64

    package init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        let unit = argument.last.flatMap { units[$0] }
        let digits = unit == nil ? argument[...] : argument.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }),
            let number = Double(digits)
        else { return nil }
        let nanoseconds = number * (unit ?? 1) * 1e9
        guard nanoseconds >= 1, nanoseconds < 0x1p62 else { return nil }
        self.nanoseconds = UInt64(nanoseconds)
    }
}
