import Testing

@testable import PoolmapCore

@Suite struct SalvageSummaryTests {
    private func loss(_ number: Int, _ contentBytes: UInt64?, _ reason: String = "gone") -> SalvageLoss {
        SalvageLoss(
            frames: number...number, file: UInt64(number) * 10..<UInt64(number) * 10 + 10, contentBytes: contentBytes,
            isAssumed: false, reason: reason)
    }

    @Test func aMillionNeighboursAreOneRange() throws {
        var summary = SalvageSummary()
        for number in 0..<1_000_000 {
            summary.add(loss(number, 5))
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
            summary.add(loss(number, 5))
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
        summary.add(loss(0, 5, "one"))
        summary.add(loss(1, 5, "two"))
        summary.add(loss(2, nil))
        summary.add(loss(3, 7))
        #expect(summary.lost.map(\.content) == [0..<10, 10..<10, 10..<17])
        #expect(summary.lost.map(\.isLengthKnown) == [true, false, true])
        #expect(summary.lost.map(\.hasOtherReasons) == [true, false, false])
        #expect(summary.contentBytes == nil && summary.lostBytes == 17)
        #expect(!summary.isWhole)
    }
}
