/// The division of a slot: a worker's output never overwrites its input, so a task can be run again.
package struct SlotLayout {
    package let inputBytes: Int
    package let outputBytes: Int

    package init(inputBytes: Int, outputBytes: Int) {
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
    }

    /// Whether a frame and its content both fit in a slot.
    package func holds(compressedBytes: UInt64, contentBound: UInt64) -> Bool {
        contentBound <= UInt64(outputBytes) && compressedBytes <= UInt64(inputBytes)
    }
}
