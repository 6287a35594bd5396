import Ground

/// Finds the end of one frame from its header and the headers of its blocks, without decompressing it.
///
/// The walker does not read anything itself. It says what it needs next and is fed exactly that, until it returns what
/// it found:
///
///     var walker = FrameWalker(at: offset)
///     while true {
///         let (skip, take) = walker.demand
///         // Skip `skip` bytes, then read `take` bytes.
///         if let frame = try walker.feed(bytes) { break }
///     }
///
/// It never asks for a byte past the end of the frame, so a reader of a pipe never holds bytes of the next one. The
/// last demand may be a skip with nothing to take; the walker is then fed no bytes.
public struct FrameWalker {
    /// What the walker will be fed next.
    private enum Expectation {
        case magic
        case skippableSize
        case descriptor
        case header
        case block
        case contentChecksum
        case nothing
    }

    /// The number of bytes to skip, and then the number to feed.
    public private(set) var demand: (skip: UInt64, take: Int) = (0, 4)

    /// What the frame's header says; nil until it has been read.
    ///
    /// Its sums cover the bytes fed so far, except for a skippable frame, where everything is known at once.
    public private(set) var headerInfo: FrameInfo?

    private let start: UInt64
    private var expectation = Expectation.magic
    private var descriptor = FrameDescriptor(0)
    private var info = FrameInfo(kind: .zstandard, compressedBytes: 0)
    /// The number of empty raw blocks at the start of the frame; nil once another block was seen.
    private var emptyBlocks: Int? = 0

    /// Creates a walker for the frame at `offset`, which is used only in errors.
    public init(at offset: UInt64 = 0) {
        start = offset
    }

    /// Takes the bytes of the last demand, exactly as many as it asked for.
    ///
    /// Returns what was found if this is the end of the frame, nil if there is more. Throws if no decoder would accept
    /// the frame; the walker must not be used after that.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> FrameInfo? {
        precondition(bytes.count == demand.take, "fed \(bytes.count) bytes where \(demand.take) were wanted")
        info.compressedBytes += demand.skip + UInt64(demand.take)
        switch expectation {
        case .magic:
            try readMagic(bytes.littleEndian(at: 0))
        case .skippableSize:
            readSkippableSize(bytes.littleEndian(at: 0))
        case .descriptor:
            try readDescriptor(bytes.littleEndian(at: 0))
        case .header:
            readHeader(bytes)
            try readBlockHeader(bytes.bytes(in: descriptor.headerBytes..<bytes.count))
        case .block:
            try readBlockHeader(bytes)
        case .contentChecksum:
            info.contentChecksum = bytes.littleEndian(at: 0)
            return info
        case .nothing:
            return info
        }
        // Nothing to skip or take: the frame ends here.
        return demand == (0, 0) ? info : nil
    }

    /// The error for an input that ends inside the frame, after `bytes` of the last demand.
    public func endOfInput(after bytes: UnsafeRawBufferPointer) -> FormatError {
        // A few bytes that cannot begin a frame are not a truncated frame.
        guard case .magic = expectation, !bytes.isEmpty else {
            return .truncatedFrame(at: start)
        }
        let magics = [FrameLayout.magic] + FrameLayout.skippableMagics
        let mayBegin = magics.contains { magic in withUnsafeBytes(of: magic.littleEndian) { $0.starts(with: bytes) } }
        return mayBegin ? .truncatedFrame(at: start) : .notAFrame(at: start)
    }

    /// Examines the frame at the beginning of `bytes`, which may hold more after it.
    ///
    /// Throws `FormatError.truncatedFrame` if the bytes end before the frame does.
    public static func walk(_ bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError) -> FrameInfo {
        var walker = FrameWalker(at: offset)
        var position = 0
        while true {
            let (skip, take) = walker.demand
            guard skip <= UInt64(bytes.count - position) else {
                throw .truncatedFrame(at: offset)
            }
            position += Int(skip)
            guard take <= bytes.count - position else {
                throw walker.endOfInput(after: bytes.bytes(in: position..<bytes.count))
            }
            let frame = try walker.feed(bytes.bytes(in: position..<position + take))
            position += take
            if let frame {
                return frame
            }
        }
    }
}

extension FrameWalker {
    private mutating func expect(_ next: Expectation, skip: UInt64, take: Int) {
        expectation = next
        demand = (skip, take)
    }

    private mutating func readMagic(_ magic: UInt32) throws(FormatError) {
        switch magic {
        case FrameLayout.magic:
            expect(.descriptor, skip: 0, take: 1)
        case FrameLayout.skippableMagics:
            info.kind = .skippable(UInt8(magic & 15))
            info.contentBytes = 0
            expect(.skippableSize, skip: 0, take: 4)
        case 0xFD2F_B522...0xFD2F_B527:
            throw .oldFormat(at: start, minorVersion: Int(magic & 15))
        case 0x1EB5_2FFD:
            // Version 0.1 wrote its magic number most significant byte first.
            throw .oldFormat(at: start, minorVersion: 1)
        default:
            throw .notAFrame(at: start)
        }
    }

    private mutating func readSkippableSize(_ payloadBytes: UInt32) {
        var whole = info
        whole.compressedBytes += UInt64(payloadBytes)
        headerInfo = whole
        expect(.nothing, skip: UInt64(payloadBytes), take: 0)
    }

    private mutating func readDescriptor(_ byte: UInt8) throws(FormatError) {
        descriptor = FrameDescriptor(byte)
        guard !descriptor.hasReservedBit else {
            throw .reservedBit(at: start)
        }
        // A frame has at least one block, so the first block's header must follow.
        expect(.header, skip: 0, take: descriptor.headerBytes + BlockHeader.byteCount)
    }

    private mutating func readHeader(_ bytes: UnsafeRawBufferPointer) {
        info.contentBytes = descriptor.contentBytes(in: bytes)
        info.windowBytes = descriptor.windowBytes(in: bytes) ?? info.contentBytes ?? 0
        info.dictionaryID = descriptor.dictionaryID(in: bytes)
        info.hasChecksum = descriptor.hasChecksum
    }

    private mutating func readBlockHeader(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
        let block = BlockHeader(bytes)
        guard block.size <= info.blockLimit else {
            throw .blockTooLarge(at: start, bytes: Int(block.size), limit: Int(info.blockLimit))
        }
        let storedBytes: UInt64
        let contentBound: UInt64
        switch block.type {
        case .raw:
            (storedBytes, contentBound) = (block.size, block.size)
        case .repeatedByte:
            (storedBytes, contentBound) = (1, block.size)
        case .compressed:
            (storedBytes, contentBound) = (block.size, info.blockLimit)
        case .reserved:
            throw .reservedBlockType(at: start)
        }
        info.contentBound += contentBound
        if let count = emptyBlocks {
            emptyBlocks = block.isEmptyRaw ? count + 1 : nil
            info.mark = block.isEmptyRaw ? nil : SectionMark(rawValue: count)
        }
        headerInfo = info
        if !block.isLast {
            expect(.block, skip: storedBytes, take: BlockHeader.byteCount)
        } else if info.hasChecksum {
            expect(.contentChecksum, skip: storedBytes, take: 4)
        } else {
            expect(.nothing, skip: storedBytes, take: 0)
        }
    }
}
