import CMultiprocessing
import Glibc
import SystemPackage

/// Reserves the memory of rings, and takes and gives back pages of it.
enum RingMemory {
    static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Below this much the machine has no address space left.
    private static let leastCapacity = 1 << 20
    /// Of what use would be more? And a machine with very much memory should be able to have many queues too.
    private static let mostCapacity = 1 << 38

    /// Maps memory for a ring and what stands before it; nothing of it is used yet.
    ///
    /// Returns the ring's size too, a power of two: the one asked for, or as much as the machine has memory, or less
    /// where there is a limit on address space.
    static func reserve(
        _ wanted: Int?, besides controlBytes: Int
    ) throws(MultiprocessingError) -> (SharedMapping, capacity: Int) {
        var capacity = wanted.map { powerOfTwo(atLeast: max($0, 64)) } ?? usualCapacity
        while true {
            do throws(MultiprocessingError) {
                let mapping = try SharedMapping(byteCount: controlBytes + capacity, name: "multiprocessing-queue")
                keepOutOfCoreFiles(mapping)
                return (mapping, capacity)
            } catch {
                guard error.errno == .noMemory, wanted == nil, capacity > leastCapacity else { throw error }
                capacity /= 2
            }
        }
    }

    private static var usualCapacity: Int {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * pageBytes
        var capacity = min(powerOfTwo(atLeast: max(physical, 1 << 30)), mostCapacity)
        // What the program itself may still need of a limited address space is more than what a queue does.
        if let limit = limit(on: RLIMIT_AS) {
            capacity = min(capacity, powerOfTwo(atMost: limit / 8))
        }
        // To go beyond this one would end the process by a signal.
        if let limit = limit(on: RLIMIT_FSIZE) {
            capacity = min(capacity, powerOfTwo(atMost: limit - pageBytes))
        }
        return max(capacity, leastCapacity)
    }

    private static func powerOfTwo(atLeast number: Int) -> Int {
        powerOfTwo(atMost: number) < number ? powerOfTwo(atMost: number) * 2 : number
    }

    private static func powerOfTwo(atMost number: Int) -> Int {
        number < 1 ? 1 : 1 << (Int.bitWidth - 1 - number.leadingZeroBitCount)
    }

    /// A crash's core file would otherwise have the whole ring in it, and take memory for all of it.
    static func keepOutOfCoreFiles(_ mapping: SharedMapping) {
        madvise(mapping.base, mapping.byteCount, Int32(MADV_DONTDUMP))
    }

    /// Gives the whole pages in a range back to the kernel; what was in them is lost, in every process.
    static func giveBack(_ range: UnsafeMutableRawBufferPointer) {
        let pages = wholePages(of: range)
        if !pages.isEmpty {
            madvise(pages.baseAddress, pages.count, Int32(MADV_REMOVE))
        }
    }

    /// Takes memory for the whole pages in a range now.
    ///
    /// This is faster than one fault for each, and where there is none left it is an error here and not a signal later.
    static func populate(_ range: UnsafeMutableRawBufferPointer) throws(MultiprocessingError) {
        let pages = wholePages(of: range)
        guard !pages.isEmpty, madvise(pages.baseAddress, pages.count, Int32(MADV_POPULATE_WRITE)) < 0 else { return }
        let error = Errno(rawValue: errno)
        // Before Linux 5.14 there is no such call.
        guard error == .badAddress || error == .noMemory else { return }
        giveBack(range)
        throw MultiprocessingError(
            .systemCallFailed, "there is no memory for the \(range.count) bytes of a value", errno: .noMemory)
    }

    private static func wholePages(of range: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        guard let start = range.baseAddress else { return range }
        let first = start.alignedUp(toMultipleOf: pageBytes)
        let last = (start + range.count).alignedDown(toMultipleOf: pageBytes)
        return UnsafeMutableRawBufferPointer(start: first, count: max(0, last - first))
    }
}
