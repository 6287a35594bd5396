import ArgumentParser

/// The argument of `--part`: "3/16", or "auto/16" or "auto", where the array engine that started this process supplies
/// the rest.
package struct PartSyntax: Sendable {
    let text: String
    /// nil to take it from the engine.
    let number: Int?
    /// nil to take it from the engine.
    let count: Int?

    /// Throws if the text is not a valid part.
    ///
    /// - Parameter most: the largest number of parts.
    package init(_ text: String, most: Int) throws {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        let isAuto = sides[0] == "auto"
        let number = isAuto ? nil : PartSyntax.number(sides[0])
        let count = sides.count > 1 ? PartSyntax.number(sides[1]) : nil
        guard sides.count <= 2, isAuto || number != nil, count != nil || (isAuto && sides.count == 1) else {
            throw ValidationError("--part must have the form 3/16, or auto/16 in an array job (got \(text))")
        }
        if let count {
            guard 1...most ~= count else {
                throw ValidationError("--part must be one of 1 to \(most) parts (got \(text))")
            }
            if let number, !(1...count ~= number) {
                throw ValidationError("--part must be between 1/\(count) and \(count)/\(count) (got \(text))")
            }
        }
        (self.text, self.number, self.count) = (text, number, count)
    }

    /// The part's number, counted from 1, and the number of parts.
    ///
    /// Nothing is guessed: if the engine's variables leave something open, this throws an error that says what to
    /// write.
    ///
    /// - Parameter variable: returns the value of an environment variable; nil if it is not set.
    package func resolved(_ variable: (String) -> String?) throws -> (number: Int, count: Int) {
        if let number, let count { return (number, count) }
        let elements = ArrayEngine.all.compactMap { ArrayElement($0, variable) }
        guard let first = elements.first else {
            throw complaint(
                "no array engine has set its variable (\(PartSyntax.list(ArrayEngine.all.map(\.index), "or"))); "
                    + PartSyntax.giveNumber)
        }
        do {
            let part = try first.part(of: count)
            // Even an engine whose variables are incomplete may have started this job, and the first one's be left
            // over.
            for other in elements.dropFirst() {
                guard let same = try? other.part(of: count), same == part else { throw disagreement(elements) }
            }
            return part
        } catch let reason as ArrayElement.Unusable {
            throw elements.count > 1 ? disagreement(elements) : complaint(reason.text)
        }
    }

    static let giveNumber = "give the part's number, such as --part 3/16"

    private func disagreement(_ elements: [ArrayElement]) -> ValidationError {
        let said = elements.map { "\($0.engine.index)=\($0.text)" }
        return complaint("\(PartSyntax.list(said, "and")) disagree about the part; \(PartSyntax.giveNumber)")
    }

    private func complaint(_ reason: String) -> ValidationError {
        ValidationError("--part \(text): \(reason)")
    }

    /// The number in a text of digits only, limited to `Int.max`; nil for any other text.
    static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(text) ?? .max
    }

    private static func list(_ words: [String], _ last: String) -> String {
        words.dropLast().joined(separator: ", ") + " \(last) " + (words.last ?? "")
    }
}
