import Testing

@testable import Multiprocessing

@Suite struct ByteBufferTests {
    private func contents(_ buffer: borrowing ByteBuffer) -> [UInt8] { [UInt8](buffer.readable) }

    @Test func aFreshBufferHasNothingToRead() {
        let buffer = ByteBuffer()
        #expect(contents(buffer) == [])
        let isEmpty = buffer.isEmpty
        #expect(isEmpty)
    }

    @Test func bytesComeOutInTheOrderInWhichTheyWentIn() {
        var buffer = ByteBuffer()
        buffer.append(0x0403_0201 as UInt32)
        [5 as UInt8, 6, 7].withUnsafeBytes { buffer.append(bytes: $0) }
        #expect(contents(buffer) == [1, 2, 3, 4, 5, 6, 7])
        buffer.consume(3)
        #expect(contents(buffer) == [4, 5, 6, 7])
        buffer.consume(4)
        #expect(contents(buffer) == [])
    }

    @Test func preparedRoomBecomesReadableAsFarAsItIsCommitted() {
        var buffer = ByteBuffer()
        buffer.append(1 as UInt8)
        let room = buffer.prepareToWrite(atLeast: 100)
        #expect(room.count >= 100)
        room[0] = 2
        room[1] = 3
        buffer.commit(2)
        #expect(contents(buffer) == [1, 2, 3])
    }

    @Test func aPatchGoesToItsOffsetAfterConsumption() {
        var buffer = ByteBuffer()
        buffer.append(0 as UInt8)
        buffer.append(0 as UInt64)
        buffer.append(9 as UInt8)
        buffer.consume(1)
        buffer.patch(0x0403_0201 as UInt32, at: 4)
        #expect(contents(buffer) == [0, 0, 0, 0, 1, 2, 3, 4, 9])
        buffer.patch(0x0807_0605_0403_0201 as UInt64, at: 0)
        #expect(contents(buffer) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test func removedBytesLeaveNoGap() {
        var buffer = ByteBuffer()
        [1 as UInt8, 2, 3, 4, 5].withUnsafeBytes { buffer.append(bytes: $0) }
        buffer.consume(1)
        buffer.remove(1..<3)
        #expect(contents(buffer) == [2, 5])
    }

    @Test func anEmptiedBufferKeepsModestMemoryAndGivesMuchBack() {
        var buffer = ByteBuffer()
        _ = buffer.prepareToWrite(atLeast: 1000)
        buffer.commit(1000)
        let modest = buffer.capacity
        buffer.removeAll()
        let capacity = buffer.capacity
        #expect(capacity == modest)
        _ = buffer.prepareToWrite(atLeast: ByteBuffer.keptCapacity + 1)
        buffer.removeAll()
        let emptied = buffer.capacity
        #expect(emptied == 0)
        buffer.append(1 as UInt8)
        #expect(contents(buffer) == [1])
    }

    @Test func aLongRunThroughAShortBufferDoesNotGrowIt() {
        var buffer = ByteBuffer()
        for number in 0..<100_000 as Range<UInt64> {
            buffer.append(number)
            if number >= 10 {
                #expect(buffer.readable.loadUnaligned(as: UInt64.self) == number - 10)
                buffer.consume(8)
            }
        }
        let count = buffer.count
        #expect(count == 80)
        let capacity = buffer.capacity
        #expect(capacity <= 512)
    }

    @Test func randomUseAgreesWithAnArray() {
        let seed = printedSeed()
        var generator = SeededGenerator(seed: seed)
        var buffer = ByteBuffer()
        var model: [UInt8] = []
        for _ in 0..<5000 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let bytes = (0..<Int.random(in: 0..<300, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
                bytes.withUnsafeBytes { buffer.append(bytes: $0) }
                model += bytes
            case 5..<9:
                let count = Int.random(in: 0...model.count, using: &generator)
                buffer.consume(count)
                model.removeFirst(count)
            default:
                let start = Int.random(in: 0...model.count, using: &generator)
                let range = start..<Int.random(in: start...model.count, using: &generator)
                buffer.remove(range)
                model.removeSubrange(range)
            }
            #expect(contents(buffer) == model, "seed \(seed)")
        }
    }
}
