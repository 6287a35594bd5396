import Files

/// The progress of a command in bytes over all its inputs, for the progress line and the summary.
package final class Meter {
    /// Input bytes read whose results are written.
    package private(set) var inputBytes: UInt64 = 0
    /// Bytes written.
    package private(set) var outputBytes: UInt64 = 0
    /// The total size of all inputs opened so far; nil once one is a pipe, whose size is unknown.
    package private(set) var expectedBytes: UInt64? = 0

    /// Creates a meter with all counts at zero.
    package init() {}

    package func expect(_ input: InputFile) {
        expect(input.isRegular ? input.byteCount : nil)
    }

    /// - Parameter byteCount: nil if unknown.
    package func expect(_ byteCount: UInt64?) {
        if let byteCount {
            expectedBytes? += byteCount
        } else {
            expectedBytes = nil
        }
    }

    package func add(input: UInt64 = 0, output: UInt64 = 0) {
        inputBytes += input
        outputBytes += output
    }
}
