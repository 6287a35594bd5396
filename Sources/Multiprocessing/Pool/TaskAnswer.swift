/// How the front decodes an answer.
extension PoolFrame {
    /// Returns the output, or throws the error.
    ///
    /// - Parameter number: the task's number in the error; nil for the pool's number.
    func output<Output>(
        _ payload: UnsafeRawBufferPointer, _ coder: MessageCoder<Output>, numbered number: UInt64? = nil
    ) throws(MultiprocessingError) -> Output {
        guard kind == .result else { throw error(payload, number ?? task) }
        do {
            return try coder.decode(payload)
        } catch {
            let text = "the output of task \(number ?? task) is not a \(Output.self): \(error)"
            throw MultiprocessingError(.decodingFailed, text, task: number ?? task, pid: worker)
        }
    }

    /// The output or the error.
    func outcome<Output>(
        _ payload: UnsafeRawBufferPointer, _ coder: MessageCoder<Output>
    ) -> Result<Output, MultiprocessingError> {
        do throws(MultiprocessingError) {
            return .success(try output(payload, coder))
        } catch {
            return .failure(error)
        }
    }

    private func error(_ payload: UnsafeRawBufferPointer, _ number: UInt64) -> MultiprocessingError {
        switch kind {
        case .workerDied:
            MultiprocessingError(
                .workerDied,
                "task \(number) ended \(attempts == 1 ? "its worker" : "\(attempts) workers, the last one")",
                task: number, pid: worker, status: exitStatus)
        case .taskTimedOut:
            MultiprocessingError(
                .taskTimedOut,
                "task \(number) ran for longer than \(Duration.nanoseconds(Int64(clamping: limitNanoseconds)))",
                task: number, pid: worker, status: exitStatus)
        case .cancelled:
            MultiprocessingError(
                .cancelled, "task \(number) was cancelled", task: number, pid: worker == 0 ? nil : worker)
        default:
            thrown(payload, number)
        }
    }

    /// The error that the function threw.
    private func thrown(_ payload: UnsafeRawBufferPointer, _ number: UInt64) -> MultiprocessingError {
        do {
            let thrown = try MessageCoder<ThrownError>.codable().decode(payload)
            return MultiprocessingError(
                .taskFailed, thrown.text, task: number, pid: worker, underlying: thrown.error)
        } catch {
            let text = "its error cannot be decoded: \(error)"
            return MultiprocessingError(.taskFailed, text, task: number, pid: worker)
        }
    }
}
