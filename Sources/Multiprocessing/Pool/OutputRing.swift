/// Outputs by number, which come in any order; those up to some number have been taken.
///
/// An output lies at its number modulo the capacity, which grows with the distance between the first one that was not
/// taken and the last one that has come.
///
/// A class with plain memory, as the library does not know the type of the outputs when it is compiled: an array of
/// optional outputs, or a structure of them, would be looked up as a type for each task.
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

    /// Puts the output with a number in, which is done once for each.
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

    /// Whether the next output is there.
    var hasNext: Bool {
        capacity > 0 && isSet[takenCount & (capacity - 1)]
    }

    /// Takes the next output out, which is there.
    func takeNext() -> Output {
        guard let base, hasNext else { preconditionFailure("the next output is not there") }
        let index = takenCount & (capacity - 1)
        isSet[index] = false
        takenCount += 1
        return (base + index).move()
    }

    /// Passes over the next number, for which there is no output.
    func skipNext() {
        takenCount += 1
    }

    /// Takes out the first `count` outputs, which are all there and of which none has been taken.
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
