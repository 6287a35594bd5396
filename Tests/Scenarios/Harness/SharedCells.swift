@preconcurrency import Glibc
import Synchronization

/// Memory shared by this process and all processes that it forks.
///
/// The harness has its own, so that it does not test the library with itself.
private enum SharedCells {
    static let capacity = 1 << 16
    nonisolated(unsafe) static var used = 0
    nonisolated(unsafe) static let base: UnsafeMutablePointer<Atomic<Int>> = {
        let byteCount = capacity * MemoryLayout<Int>.stride
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no shared memory") }
        return memory.assumingMemoryBound(to: Atomic<Int>.self)
    }()

    static func take(_ count: Int) -> UnsafeMutablePointer<Atomic<Int>> {
        precondition(used + count <= capacity, "the scenario shares too much")
        defer { used += count }
        return base + used
    }
}

/// A number shared with all children that are forked after it was made.
struct SharedCounter {
    private let cell = SharedCells.take(1)

    var value: Int {
        cell.pointee.load(ordering: .acquiring)
    }

    func set(_ value: Int) {
        cell.pointee.store(value, ordering: .releasing)
    }

    @discardableResult
    func add(_ amount: Int) -> Int {
        cell.pointee.add(amount, ordering: .acquiringAndReleasing).newValue
    }
}

/// Numbers in the order in which this process and its children appended them.
struct SharedLog {
    private let capacity: Int
    private let count = SharedCounter()
    private let cells: UnsafeMutablePointer<Atomic<Int>>

    init(capacity: Int = 1024) {
        self.capacity = capacity
        cells = SharedCells.take(capacity)
    }

    func append(_ value: Int) {
        let position = count.add(1) - 1
        if position < capacity {
            cells[position].store(value, ordering: .releasing)
        }
    }

    /// The number of appended values, including those beyond the capacity.
    var total: Int {
        count.value
    }

    var values: [Int] {
        (0..<min(capacity, count.value)).map { cells[$0].load(ordering: .acquiring) }
    }
}
