import ArgumentParser

/// Which part of a job `--part` means: "3/16", or "auto/16" and "auto", where the array engine that runs this process
/// says the rest.
package struct PartSyntax: Sendable {
    let text: String
    /// nil where the engine says it.
    let number: Int?
    /// nil where the engine says it.
    let count: Int?

    /// Throws for what can be no part, in a line that says why.
    ///
    /// - Parameter most: as many parts as there may be.
    package init(_ text: String, most: Int) throws {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        let isAuto = sides[0] == "auto"
        let number = isAuto ? nil : PartSyntax.number(sides[0])
        let count = sides.count > 1 ? PartSyntax.number(sides[1]) : nil
        guard sides.count <= 2, isAuto || number != nil, count != nil || (isAuto && sides.count == 1) else {
            throw ValidationError("--part must be like 3/16, or like auto/16 in an array job, and is \(text)")
        }
        if let count {
            guard 1...most ~= count else {
                throw ValidationError("--part can be one of 1 to \(most) parts, and is \(text)")
            }
            if let number, !(1...count ~= number) {
                throw ValidationError("--part must be from 1/\(count) to \(count)/\(count), and is \(text)")
            }
        }
        (self.text, self.number, self.count) = (text, number, count)
    }

    /// The part's number, counted from 1, and how many there are.
    ///
    /// What a number or a count does not come from is never guessed: where the engine's variables leave it open, this
    /// throws, in a line that says what to write.
    ///
    /// - Parameter variable: the value of a variable of the environment; nil where it is not set.
    package func resolved(_ variable: (String) -> String?) throws -> (number: Int, count: Int) {
        if let number, let count { return (number, count) }
        let elements = ArrayEngine.all.compactMap { ArrayElement($0, variable) }
        guard let first = elements.first else {
            throw complaint(
                "no array engine's variable is set (\(PartSyntax.list(ArrayEngine.all.map(\.index), "or"))); "
                    + PartSyntax.giveNumber)
        }
        do {
            let part = try first.part(of: count)
            // Also one that says nothing of use may be this job's engine, and the first one's variables left over.
            for other in elements.dropFirst() {
                guard let same = try? other.part(of: count), same == part else { throw disagreement(elements) }
            }
            return part
        } catch let reason as ArrayElement.Unusable {
            throw elements.count > 1 ? disagreement(elements) : complaint(reason.text)
        }
    }

    static let giveNumber = "give the part's number, as --part 3/16"

    private func disagreement(_ elements: [ArrayElement]) -> ValidationError {
        let said = elements.map { "\($0.engine.index)=\($0.text)" }
        return complaint("\(PartSyntax.list(said, "and")) do not say the same part; \(PartSyntax.giveNumber)")
    }

    private func complaint(_ reason: String) -> ValidationError {
        ValidationError("--part \(text): \(reason)")
    }

    /// Digits, and nothing else; more than fit are as many as can be.
    static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(text) ?? .max
    }

    private static func list(_ words: [String], _ last: String) -> String {
        words.dropLast().joined(separator: ", ") + " \(last) " + (words.last ?? "")
    }
}
