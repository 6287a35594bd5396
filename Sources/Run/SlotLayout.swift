/// How a slot is divided: what a worker reads is not overwritten by what it writes, so that a task can be run again.
package struct SlotLayout {
    package let inputBytes: Int
    package let outputBytes: Int

    package init(inputBytes: Int, outputBytes: Int) {
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
    }

    /// Whether both sides of a frame have room in a slot.
    package func holds(compressedBytes: UInt64, contentBound: UInt64) -> Bool {
        contentBound <= UInt64(outputBytes) && compressedBytes <= UInt64(inputBytes)
    }
}
