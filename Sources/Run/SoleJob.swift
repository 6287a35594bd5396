import Ground

extension Job {
    /// Runs a job alone in this process, step by step.
    ///
    /// Blocks.
    ///
    /// - Parameter workforce: a workforce of one process.
    package func performAlone(_ workforce: Workforce) throws(PoolmapError) -> JobSummary {
        do throws(PoolmapError) {
            repeat {
                while try performStep(workforce) {}
            } while try beginsAgain()
        } catch {
            abandon(workforce)
            throw error
        }
        return try finish()
    }

    /// Returns false when there are no more steps.
    private func performStep(_ workforce: Workforce) throws(PoolmapError) -> Bool {
        switch try next(workforce) {
        case .work(let task, let pieces, let slot, _, _):
            defer { if let slot { workforce.releaseSlot(slot) } }
            let answer = workforce.perform(task)
            if case .failed(let error) = answer {
                try recover(from: error, piece: pieces[0], slot: slot, workforce)
            } else {
                try accept(answer, slot: slot, workforce)
            }
        case .local(_, let action): try action()
        case .waitForInput(let descriptor): try workforce.wait(orFor: [descriptor], lacksHands: false, timeout: nil)
        case .waitForTurn: throw PoolmapError(.failed, "internal error: the only job waits for another")
        case .end: return false
        }
        return true
    }
}
