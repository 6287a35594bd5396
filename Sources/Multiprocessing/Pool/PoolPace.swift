/// How many tasks and results the pool manager lets share a message and a wake-up.
///
/// Where few tasks wait, each result may be what the front needs to hand in the next one, and no task should wait
/// behind another one. Where many wait, nobody is kept from work by a result that comes a little later.
struct PoolPace: Equatable {
    /// How much work a worker should hold: enough to last while a message goes to the pool manager and back.
    let aheadNanoseconds: UInt64
    /// A result waits in a worker's outbox at most about this long while further tasks begin; less than the worker
    /// holds, so that new ones come before it has none.
    let outboxNanoseconds: UInt64
    /// Results wait in the pool manager for others at most this long, before they go to the front.
    let messageNanoseconds: UInt64
    /// A worker that is at one task for this long is relieved of those that it holds besides.
    let reliefNanoseconds: UInt64

    static let prompt = PoolPace(
        aheadNanoseconds: 500_000, outboxNanoseconds: 50_000, messageNanoseconds: 1_000_000,
        reliefNanoseconds: 1_000_000)
    static let thrifty = PoolPace(
        aheadNanoseconds: 2_000_000, outboxNanoseconds: 1_000_000, messageNanoseconds: 4_000_000,
        reliefNanoseconds: 4_000_000)
}
