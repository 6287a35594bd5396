/// Outputs by number, which arrive in any order; all before some number have been taken.
///
/// The index of an output is its number modulo the capacity. The capacity grows with the distance between the first
/// output not taken and the last one that has arrived.
///
/// This is a class with plain memory, because the type of the outputs is unknown when the library is compiled: an array
/// of optional outputs, or a structure of them, would require a type lookup for each task.
final class OutputRing<Output> {
    private var base: UnsafeMutablePointer<Output>?
    private var isSet: [Bool] = []
    /// Outputs are taken in the order of their numbers.
    private(set) var takenCount = 0

    /// A power of 2.
    private var capacity: Int {
        isSet.count
    }

    deinit {
        guard let base else { return }
        for index in isSet.indices where isSet[index] {
            (base + index).deinitialize(count: 1)
        }
        base.deallocate()
    }

    /// Stores the output with a number, once for each number.
    func set(_ output: consuming Output, at number: Int) {
        while number - takenCount >= capacity {
            grow()
        }
        guard let base else { return }
        let index = number & (capacity - 1)
        (base + index).initialize(to: output)
        isSet[index] = true
    }

    private func grow() {
        let newCapacity = max(16, capacity * 2)
        let newBase = UnsafeMutablePointer<Output>.allocate(capacity: newCapacity)
        var isSetThere = Array(repeating: false, count: newCapacity)
        if let base {
            for number in takenCount..<takenCount + capacity where isSet[number & (capacity - 1)] {
                let (from, to) = (number & (capacity - 1), number & (newCapacity - 1))
                (newBase + to).moveInitialize(from: base + from, count: 1)
                isSetThere[to] = true
            }
            base.deallocate()
        }
        (base, isSet) = (newBase, isSetThere)
    }

    /// Whether the next output has arrived.
    var hasNext: Bool {
        capacity > 0 && isSet[takenCount & (capacity - 1)]
    }

    /// Takes the next output, which must have arrived.
    func takeNext() -> Output {
        guard let base, hasNext else { preconditionFailure("the next output is not there") }
        let index = takenCount & (capacity - 1)
        isSet[index] = false
        takenCount += 1
        return (base + index).move()
    }

    /// Skips the next number, for which there is no output.
    func skipNext() {
        takenCount += 1
    }

    /// Takes the first `count` outputs, which must all have arrived and of which none has been taken.
    func takeAll(_ count: Int) -> [Output] {
        guard let base else { return [] }
        let outputs = Array(unsafeUninitializedCapacity: count) { room, initialized in
            room.baseAddress?.moveInitialize(from: base, count: count)
            initialized = count
        }
        base.deallocate()
        (self.base, isSet) = (nil, [])
        return outputs
    }
}
