import Run

extension SalvageSummary {
    /// Calls `say` with each line about the damage, without the file's name; the last line is a summary.
    func forEachLine(_ say: (String) -> Void) {
        lost.forEach { say($0.line) }
        if lostCount > lost.count {
            say("data lost in \(lostCount - lost.count) more places")
        }
        harmless.forEach { say("no content lost: \($0)") }
        if harmlessCount > harmless.count {
            say("no content lost by damage in \(harmlessCount - harmless.count) more places")
        }
        say(total)
    }

    private var total: String {
        if lostCount == 0 {
            return "recovered all \(restoredBytes) bytes of a damaged file"
        }
        let places = lostCount == 1 ? "1 place" : "\(lostCount) places"
        guard let contentBytes else {
            return "recovered \(restoredBytes) bytes, at least \(lostBytes) lost in \(places);"
                + " the original size is unknown"
        }
        return "recovered \(restoredBytes) of \(contentBytes) bytes, \(lostBytes) lost in \(places)"
    }
}

extension SalvageSummary.Lost {
    fileprivate var line: String {
        let others = hasOtherReasons ? "; and other damage" : ""
        return "\(what) (\(source)): \(reason)\(others)\(doubt)"
    }

    private var what: String {
        if !isLengthKnown {
            return "lost an unknown number of bytes, starting at byte \(content.lowerBound) of the content"
        }
        if content.isEmpty {
            return "lost no bytes at byte \(content.lowerBound) of the content"
        }
        return "lost bytes \(content.lowerBound) to \(content.upperBound - 1) of the content"
    }

    private var source: String {
        let place =
            file.isEmpty
            ? "at byte \(file.lowerBound) of the file"
            : "at bytes \(file.lowerBound) to \(file.upperBound - 1) of the file"
        guard let frames else { return place }
        return frames.count == 1
            ? "frame \(frames.lowerBound) \(place)" : "frames \(frames.lowerBound) to \(frames.upperBound) \(place)"
    }

    private var doubt: String {
        if !isLengthKnown { return "; left out of the output" }
        return isLengthAssumed ? "; the length is an estimate, since no table gives it" : ""
    }
}
