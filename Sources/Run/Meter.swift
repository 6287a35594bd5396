import Files

/// How far a command has come, for a progress line and for the summary.
///
/// In bytes, over all its inputs.
package final class Meter {
    /// What has been read of the inputs, as far as its results are written.
    package private(set) var inputBytes: UInt64 = 0
    /// What has been written.
    package private(set) var outputBytes: UInt64 = 0
    /// What all inputs have that were opened so far; nil once one is a pipe, whose end nobody knows.
    package private(set) var expectedBytes: UInt64? = 0

    /// A meter at zero.
    package init() {}

    package func expect(_ input: InputFile) {
        expect(input.isRegular ? input.byteCount : nil)
    }

    /// - Parameter byteCount: nil where nobody knows.
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
