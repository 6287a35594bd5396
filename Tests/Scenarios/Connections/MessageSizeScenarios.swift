@preconcurrency import Glibc
import Multiprocessing

func messageSizeScenarios() {
    scenario("bytesOfEverySizeArriveAsTheyWereSent") {
        let pipe = try Pipe()
        let child = Process {
            pipe.first.close()
            while let bytes = try? pipe.second.receiveBytes() {
                try bytes.withUnsafeBytes { try pipe.second.send(bytes: $0) }
            }
        }
        try child.start()
        pipe.second.close()
        for size in [0, 1, 2, 4087, 4088, 4089, 4096, 65535, 65536, 65537, 1 << 20, 10 << 20] {
            let bytes = pattern(size)
            try bytes.withUnsafeBytes { try pipe.first.send(bytes: $0) }
            let answer = try pipe.first.receiveBytes()
            expect(isSame(answer, bytes), "\(size) bytes came back as other \(answer.count)")
        }
        pipe.first.close()
        expectEqual(try child.join(), .exited(0))
    }
    scenario("tenMebibytesTravelBothWaysAtOnce") {
        let pipe = try Pipe()
        let bytes = pattern(10 << 20)
        // One process sends and another receives at each end, so that both directions are full at the same time.
        let farReader = Process {
            for _ in 0..<3 { expect(try isSame(pipe.second.receiveBytes(), bytes), "other bytes at the far end") }
        }
        let farWriter = Process {
            for _ in 0..<3 { try bytes.withUnsafeBytes { try pipe.second.send(bytes: $0) } }
        }
        let nearWriter = Process {
            for _ in 0..<3 { try bytes.withUnsafeBytes { try pipe.first.send(bytes: $0) } }
        }
        let children = [farReader, farWriter, nearWriter]
        for child in children { try child.start() }
        for _ in 0..<3 { expect(try isSame(pipe.first.receiveBytes(), bytes), "other bytes at the near end") }
        for child in children { expectEqual(try child.join(timeout: .seconds(20)), .exited(0)) }
    }
    scenario("fiftyThousandMessagesKeepTheirOrder") {
        let pipe = try Pipe(duplex: false)
        let child = Process {
            pipe.first.close()
            for number in 0..<50_000 {
                try pipe.second.send(number)
            }
        }
        try child.start()
        pipe.second.close()
        var wrong = 0
        for number in 0..<50_000 {
            wrong += try pipe.first.receive(Int.self) == number ? 0 : 1
        }
        expectEqual(wrong, 0)
        expectThrows(.endOfFile) { try pipe.first.receive(Int.self) }
        expectEqual(try child.join(), .exited(0))
    }
    scenario("messagesOfMixedSizesAndKindsKeepTheirBoundaries") {
        var random = SeededGenerator(seed: printedSeed())
        let sizes = (0..<300).map { _ in
            Int.random(in: 0...(1 << Int.random(in: 0...18, using: &random)), using: &random)
        }
        let pipe = try Pipe()
        let child = Process {
            for size in sizes {
                if size % 2 == 0 {
                    try pattern(size).withUnsafeBytes { try pipe.second.send(bytes: $0) }
                } else {
                    try pipe.second.send(pattern(size))
                }
            }
        }
        try child.start()
        for size in sizes {
            let bytes = size % 2 == 0 ? try pipe.first.receiveBytes() : try pipe.first.receive([UInt8].self)
            expect(isSame(bytes, pattern(size)), "\(size) bytes came as other \(bytes.count)")
        }
        expectEqual(try child.join(), .exited(0))
    }
    scenario("connectionPassedDownTwoGenerationsStillWorks") {
        let pipe = try Pipe()
        let child = Process {
            let grandchild = Process { try pipe.second.send("from far below") }
            try grandchild.start()
            try grandchild.join()
        }
        try child.start()
        expectEqual(try pipe.first.receive(String.self), "from far below")
        expectEqual(try child.join(), .exited(0))
    }
}

/// `==` of arrays is many times slower without optimization.
func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && memcmp(one, other, one.count) == 0
}

/// Bytes in which a shift, a gap or a swap is visible.
func pattern(_ count: Int) -> [UInt8] {
    // A prime length, so that the repetition never aligns with a page or a buffer.
    var bytes = (0..<min(count, 4093)).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    bytes.reserveCapacity(count)
    while bytes.count < count {
        bytes += bytes[0..<min(bytes.count, count - bytes.count)]
    }
    return bytes
}
