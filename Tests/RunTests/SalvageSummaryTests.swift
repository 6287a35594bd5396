import Testing

@testable import Run

@Suite struct SalvageSummaryTests {
    @Test func aMillionNeighboursAreOneRange() throws {
        var summary = SalvageSummary()
        for number in 0..<1_000_000 {
            summary.addLoss(number, 5)
        }
        #expect(summary.lostCount == 1 && summary.lost.count == 1)
        let lost = try #require(summary.lost.first)
        #expect(lost.content == 0..<5_000_000)
        #expect(lost.frames == 0...999_999)
        #expect(lost.file == 0..<10_000_000)
        #expect(!lost.hasOtherReasons)
    }

    @Test func rangesApartAreCountedAlsoWhereTheyAreNotListed() {
        var summary = SalvageSummary()
        for number in 0..<SalvageSummary.mostListed + 10 {
            summary.addLoss(number, 5)
            summary.restoredBytes += 1
        }
        #expect(summary.lost.count == SalvageSummary.mostListed)
        #expect(summary.lostCount == SalvageSummary.mostListed + 10)
        #expect(summary.lostBytes == UInt64(summary.lostCount) * 5)
        #expect(summary.contentBytes == UInt64(summary.lostCount) * 6)
        #expect(summary.lost[1].content == 6..<11)
    }

    @Test func anUnknownLengthMakesTheTotalUnknown() {
        var summary = SalvageSummary()
        summary.addLoss(0, 5, "one")
        summary.addLoss(1, 5, "two")
        summary.addLoss(2, nil)
        summary.addLoss(3, 7)
        #expect(summary.lost.map(\.content) == [0..<10, 10..<10, 10..<17])
        #expect(summary.lost.map(\.isLengthKnown) == [true, false, true])
        #expect(summary.lost.map(\.hasOtherReasons) == [true, false, false])
        #expect(summary.contentBytes == nil && summary.lostBytes == 17)
        #expect(!summary.isWhole)
    }
}

extension SalvageSummary {
    fileprivate mutating func addLoss(_ number: Int, _ contentBytes: UInt64?, _ reason: String = "gone") {
        addLoss(
            of: contentBytes, isAssumed: false, frames: number...number,
            file: UInt64(number) * 10..<UInt64(number) * 10 + 10, reason: reason)
    }
}
