/// How many tasks and results the pool manager puts into one message and one wake-up.
///
/// If few tasks wait, each result may be what the front needs to submit the next one, and no task should wait behind
/// another. If many wait, a result that arrives a little later keeps no worker idle.
struct PoolPace: Equatable {
    /// How much work a worker should hold: enough to last for a message to the pool manager and back.
    let aheadNanoseconds: UInt64
    /// About how long a result may wait in a worker's outbox while further tasks begin.
    ///
    /// It is less than the work that the worker holds, so that new tasks arrive before it runs out.
    let outboxNanoseconds: UInt64
    /// How long results may wait in the pool manager for others before they go to the front.
    let messageNanoseconds: UInt64
    /// A worker that runs one task for this long has its other tasks taken back.
    let reliefNanoseconds: UInt64

    static let prompt = PoolPace(
        aheadNanoseconds: 500_000, outboxNanoseconds: 50_000, messageNanoseconds: 1_000_000,
        reliefNanoseconds: 1_000_000)
    static let thrifty = PoolPace(
        aheadNanoseconds: 2_000_000, outboxNanoseconds: 1_000_000, messageNanoseconds: 4_000_000,
        reliefNanoseconds: 4_000_000)
}
