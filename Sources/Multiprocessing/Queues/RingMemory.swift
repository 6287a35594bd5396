import CMultiprocessing
import Glibc
import SystemPackage

/// Reserves the memory of rings, and allocates and frees pages of it.
enum RingMemory {
    static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// With less than this, the address space is considered exhausted.
    private static let leastCapacity = 1 << 20
    /// More would be of no use, and a machine with very much memory must be able to have many queues too.
    private static let mostCapacity = 1 << 38

    /// Reserves address space for a ring and its control page; no memory is used yet.
    ///
    /// Returns the ring's size too, a power of two: the requested one, or as much as the machine has memory, or less if
    /// address space is limited.
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
        // The program may still need most of a limited address space for itself.
        if let limit = limit(on: RLIMIT_AS) {
            capacity = min(capacity, powerOfTwo(atMost: limit / 8))
        }
        // Exceeding this limit would end the process by a signal.
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

    /// Otherwise the core file of a crash would contain the whole ring, and allocate memory for all of it.
    static func keepOutOfCoreFiles(_ mapping: SharedMapping) {
        madvise(mapping.base, mapping.byteCount, Int32(MADV_DONTDUMP))
    }

    /// Gives the whole pages in a range back to the kernel; their content is lost, in every process.
    static func giveBack(_ range: UnsafeMutableRawBufferPointer) {
        let pages = wholePages(of: range)
        if !pages.isEmpty {
            madvise(pages.baseAddress, pages.count, Int32(MADV_REMOVE))
        }
    }

    /// Allocates memory for the whole pages in a range now.
    ///
    /// This is faster than a page fault for each, and lack of memory is an error here instead of a signal later.
    static func populate(_ range: UnsafeMutableRawBufferPointer) throws(MultiprocessingError) {
        let pages = wholePages(of: range)
        guard !pages.isEmpty, madvise(pages.baseAddress, pages.count, Int32(MADV_POPULATE_WRITE)) < 0 else { return }
        let error = Errno(rawValue: errno)
        // Linux before 5.14 does not have this call.
        guard error == .badAddress || error == .noMemory else { return }
        giveBack(range)
        throw MultiprocessingError(
            .systemCallFailed, "no memory for a value of \(range.count) bytes", errno: .noMemory)
    }

    private static func wholePages(of range: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        guard let start = range.baseAddress else { return range }
        let first = start.alignedUp(toMultipleOf: pageBytes)
        let last = (start + range.count).alignedDown(toMultipleOf: pageBytes)
        return UnsafeMutableRawBufferPointer(start: first, count: max(0, last - first))
    }
}
