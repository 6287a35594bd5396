@preconcurrency import Glibc
import Multiprocessing

/// Failures of this process and of all that it forks: a child's expectation counts like the parent's.
enum Failures {
    nonisolated(unsafe) private static var counter = SharedCounter()
    /// The original standard error; a scenario may have replaced it by a file.
    nonisolated(unsafe) private static var output: Int32 = 2

    /// Called before any fork.
    static func prepare() {
        counter = SharedCounter()
        output = dup(2)
    }

    static var count: Int {
        counter.value
    }

    static func report(_ text: String, _ file: StaticString, _ line: UInt) {
        counter.add(1)
        let message = Array("\(file):\(line): \(text)\n".utf8)
        _ = write(output, message, message.count)
    }
}

/// A required value was missing; the failure has been reported.
struct MissingValue: Error {}

func expect(_ condition: Bool, _ text: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line) {
    if !condition {
        Failures.report(text(), file, line)
    }
}

func expectEqual<Value: Equatable>(
    _ seen: Value, _ expected: Value, _ text: @autoclosure () -> String = "", file: StaticString = #fileID,
    line: UInt = #line
) {
    if seen != expected {
        Failures.report("\(text()) expected \(shortened(expected)), saw \(shortened(seen))", file, line)
    }
}

/// Runs the body, which must throw an error with this code, and returns that error.
@discardableResult
func expectThrows<Result>(
    _ code: MultiprocessingError.Code, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Result
) -> MultiprocessingError? {
    do {
        let result = try body()
        Failures.report("expected \(code), nothing was thrown: \(shortened(result))", file, line)
    } catch let error as MultiprocessingError {
        expect(error.code == code, "expected \(code), thrown was \(error.code): \(error)", file: file, line: line)
        return error
    } catch {
        Failures.report("expected \(code), thrown was \(error)", file, line)
    }
    return nil
}

func expectText(of error: (any Error)?, contains part: String, file: StaticString = #fileID, line: UInt = #line) {
    let text = error.map { "\($0)" } ?? "no error"
    expect(text.contains(part), "expected \(part) in: \(shortened(text))", file: file, line: line)
}

func require<Value>(_ value: Value?, file: StaticString = #fileID, line: UInt = #line) throws -> Value {
    guard let value else {
        Failures.report("expected a \(Value.self), saw nil", file, line)
        throw MissingValue()
    }
    return value
}

/// Waits for something that has no event to wait for.
func eventually(within limit: Duration = promptly, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < end else { return false }
        usleep(1000)
    }
    return true
}

/// The design's "within a second", with room for a busy machine, yet less than the library's own timeouts of 10 seconds.
let promptly = Duration.seconds(8)

func expectPrompt(since start: ContinuousClock.Instant, file: StaticString = #fileID, line: UInt = #line) {
    let elapsed = ContinuousClock.now - start
    expect(elapsed < promptly, "took \(elapsed)", file: file, line: line)
}

private func shortened<Value>(_ value: Value) -> String {
    let text = String(describing: value)
    return text.count <= 400 ? text : "\(text.prefix(200)) … \(text.suffix(100))"
}

extension Result where Failure == MultiprocessingError {
    /// The kind of the error; nil where there is none.
    var code: MultiprocessingError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }
}
