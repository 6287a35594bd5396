@preconcurrency import Glibc
import Multiprocessing

/// The ways to fail.
enum Crash: Int, Codable, CaseIterable {
    case thrownError, exitOfThree, abort, segmentationFault, kill

    func happen() throws {
        switch self {
        case .thrownError: throw Mishap()
        case .exitOfThree: exit(3)
        case .abort: Glibc.abort()
        case .segmentationFault: UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
        case .kill: raise(SIGKILL)
        }
    }

    /// How the process ends; nil if it survives.
    var status: ExitStatus? {
        switch self {
        case .thrownError: nil
        case .exitOfThree: .exited(3)
        case .abort: .signaled(SIGABRT)
        case .segmentationFault: .signaled(SIGSEGV)
        case .kill: .signaled(SIGKILL)
        }
    }
}

/// The stage at which it fails.
///
/// The first and the last stage are in the front, see `FrontCrashScenarios.swift`.
enum Stage: Int, Codable {
    case theTaskIsEncoded, theTaskIsDecoded, theTaskRuns, theResultIsEncoded, theResultIsDecoded

    /// As a part of a scenario's name.
    var capitalized: String {
        let name = "\(self)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }
}

/// A task, or its result, that crashes at the given stage.
struct Parcel: Codable {
    var number: Int
    var crash: Crash?
    var stage: Stage?
    /// Set by the worker, so that a task and its result crash at different stages.
    var isResult = false

    init(number: Int, crash: Crash? = nil, stage: Stage? = nil) {
        (self.number, self.crash, self.stage) = (number, crash, stage)
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        number = try container.decode(Int.self)
        crash = try container.decode(Crash?.self)
        stage = try container.decode(Stage?.self)
        isResult = try container.decode(Bool.self)
        if stage == (isResult ? .theResultIsDecoded : .theTaskIsDecoded) { try crash?.happen() }
    }

    func encode(to encoder: any Encoder) throws {
        if stage == (isResult ? .theResultIsEncoded : .theTaskIsEncoded) { try crash?.happen() }
        var container = encoder.unkeyedContainer()
        try container.encode(number)
        try container.encode(crash)
        try container.encode(stage)
        try container.encode(isResult)
    }
}

func crashMatrixScenarios() {
    frontCrashScenarios()
    idleCrashScenarios()
    for crash in Crash.allCases {
        for stage in [Stage.theTaskIsDecoded, .theTaskRuns, .theResultIsEncoded] {
            scenario("\(crash)While\(stage.capitalized)IsATypedErrorOfThatTaskOnly") {
                try expectTypedError(of: crash, at: stage)
            }
        }
        scenario("\(crash)InTheInitializerIsATypedErrorOfThePool") {
            let (start, lifeline) = (ContinuousClock.now, Lifeline())
            let pool = try Pool(processes: 2, initializer: { try crash.happen() }) { (number: Int) in number }
            let error = try require(expectThrows(.initializerFailed) { try pool.map(0..<20) })
            expectEqual(error.status, crash.status)
            if crash == .thrownError { expectText(of: error, contains: "the tea went cold") }
            expect(lifeline.allEnded(), "processes are left")
            expectPrompt(since: start)
        }
    }
}

/// A pool whose tasks and results crash at the given stage.
func parcelPool(_ run: @escaping (Int) -> Void = { _ in }) throws -> Pool<Parcel, Parcel> {
    try Pool(processes: 2) { (parcel: Parcel) -> Parcel in
        run(parcel.number)
        if parcel.stage == .theTaskRuns { try parcel.crash?.happen() }
        var result = parcel
        result.isResult = true
        return result
    }
}

private func expectTypedError(of crash: Crash, at stage: Stage) throws {
    let (start, lifeline) = (ContinuousClock.now, Lifeline())
    let pool = try parcelPool()
    for number in 0..<40 {
        try pool.submit(number == 17 ? Parcel(number: 17, crash: crash, stage: stage) : Parcel(number: number))
    }
    var done: [Int] = []
    while let completion = try pool.nextCompletion(timeout: .seconds(10)) {
        guard completion.task == 18 else {
            done.append(try completion.result.get().number)
            expectEqual(completion.attempts, 1)
            continue
        }
        let isDeath = crash != .thrownError
        let error = try require(expectThrows(isDeath ? .workerDied : .taskFailed) { try completion.result.get() })
        expectEqual(error.task, 18)
        expectEqual(error.status, crash.status)
        expectEqual(completion.attempts, isDeath ? 3 : 1)
        if !isDeath { expectText(of: error, contains: "the tea went cold") }
    }
    expectEqual(done.sorted(), (0..<40).filter { $0 != 17 })
    expectEqual(try pool.map([Parcel(number: 50)]).map(\.number), [50])
    pool.close()
    try pool.join()
    expect(lifeline.allEnded(), "processes are left")
    expectPrompt(since: start)
}
