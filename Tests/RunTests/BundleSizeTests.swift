import Testing

@testable import Run

@Suite struct BundleSizeTests {
    @Test func bundlesGrowWithTheSpeedOfWorkersUpToALimit() {
        let size = BundleSize()
        let first = size.count
        size.learn(first, UInt64(first) * BundleSize.wantedNanoseconds)
        #expect(size.count == 1)
        for _ in 0..<100 { size.learn(1, 1) }
        #expect(size.count == BundleSize.mostNames)
        size.learn(0, 1 << 40)
        #expect(size.count == BundleSize.mostNames)
    }
}
