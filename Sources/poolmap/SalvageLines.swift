import Run

extension SalvageSummary {
    /// Calls `say` with each line that tells of the damage, without the name of the file; the last is a summary.
    func forEachLine(_ say: (String) -> Void) {
        lost.forEach { say($0.line) }
        if lostCount > lost.count {
            say("lost \(lostCount - lost.count) more places")
        }
        harmless.forEach { say("nothing of the content is lost by this: \($0)") }
        if harmlessCount > harmless.count {
            say("nothing of the content is lost by damage in \(harmlessCount - harmless.count) more places")
        }
        say(total)
    }

    private var total: String {
        if lostCount == 0 {
            return "restored all \(restoredBytes) bytes of a damaged file"
        }
        let places = lostCount == 1 ? "1 place" : "\(lostCount) places"
        guard let contentBytes else {
            return "restored \(restoredBytes) bytes, at least \(lostBytes) lost in \(places);"
                + " how many there were is not known"
        }
        return "restored \(restoredBytes) of \(contentBytes) bytes, \(lostBytes) lost in \(places)"
    }
}

extension SalvageSummary.Lost {
    fileprivate var line: String {
        let others = hasOtherReasons ? "; and other damage" : ""
        return "\(what) (\(source)): \(reason)\(others)\(doubt)"
    }

    private var what: String {
        if !isLengthKnown {
            return "lost an unknown number of bytes from byte \(content.lowerBound) of the content on"
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
        if !isLengthKnown { return "; nothing stands for it in the output" }
        return isLengthAssumed ? "; the length is likely, and no table says it" : ""
    }
}
