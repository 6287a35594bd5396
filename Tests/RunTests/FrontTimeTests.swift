import Testing

@testable import Ground
@testable import Run

@Suite struct FrontTimeTests {
    /// The nanoseconds of each stretch, and of each activity in all.
    private func times(_ json: JSONText) -> (bucket: UInt64, sums: [String: UInt64], lengths: [Int]) {
        guard case .object(let members) = json else { return (0, [:], []) }
        var (bucket, sums, lengths): (UInt64, [String: UInt64], [Int]) = (0, [:], [])
        for (name, value) in members {
            switch value {
            case .number(let count): bucket = count
            case .array(let counts):
                lengths.append(counts.count)
                sums[name] = counts.reduce(0) { sum, count in
                    if case .number(let count) = count { sum + count } else { sum }
                }
            default: break
            }
        }
        return (bucket, sums, lengths)
    }

    @Test func eachNanosecondBelongsToOneActivity() {
        var time = FrontTime(from: 1000)
        time.begin(.takingResults, at: 1300)
        time.begin(.waitingForInput, at: 2_501_000)
        time.begin(.waitingForInput, at: 2_600_000)
        let (bucket, sums, lengths) = times(time.json(at: 4_001_000))
        #expect(bucket == 1_000_000)
        #expect(Set(lengths) == [4] && lengths.count == FrontTime.Activity.allCases.count)
        #expect(sums["handingOut"] == 300)
        #expect(sums["takingResults"] == 2_499_700)
        #expect(sums["waitingForInput"] == 1_500_000)
        #expect(sums["waitingForTokens"] == 0)
    }

    @Test func aLongRunHasLongerStretchesAndLosesNothing() {
        var time = FrontTime(from: 0)
        var now: UInt64 = 0
        for step in 0..<5000 {
            now += 1_234_567
            time.begin(step % 2 == 0 ? .takingResults : .waitingForRoom, at: now)
        }
        let (bucket, sums, lengths) = times(time.json(at: now))
        #expect(bucket == 16_000_000)
        #expect(lengths.allSatisfy { $0 == Int((now + bucket - 1) / bucket) && $0 <= 512 })
        #expect(sums.values.reduce(0, +) == now)
        // A day later at once.
        #expect(times(time.json(at: now + 86_400_000_000_000)).lengths.allSatisfy { $0 <= 512 })
    }

    @Test func aClockThatStandsStillAddsNothing() {
        var time = FrontTime(from: 500)
        time.begin(.takingResults, at: 500)
        time.begin(.handingOut, at: 400)
        #expect(times(time.json(at: 450)).sums.values.allSatisfy { $0 == 0 })
    }
}
