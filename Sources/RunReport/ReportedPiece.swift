import Ground

/// One piece of an input in a report; docs/report.md describes the fields.
package struct ReportedPiece {
    package var index: UInt64
    package var count: UInt64
    package var offset: UInt64
    package var length: UInt64
    package var result: JSONText
    package var worker: UInt64
    package var startNanoseconds: UInt64
    package var durationNanoseconds: UInt64
    package var tries: UInt64
    /// nil in reports of older versions.
    package var queuedNanoseconds: UInt64?
    /// nil in reports of older versions.
    package var takenNanoseconds: UInt64?

    package init(
        index: UInt64, count: UInt64, offset: UInt64, length: UInt64, result: JSONText, worker: UInt64,
        startNanoseconds: UInt64, durationNanoseconds: UInt64, tries: UInt64, queuedNanoseconds: UInt64? = nil,
        takenNanoseconds: UInt64? = nil
    ) {
        self.index = index
        self.count = count
        self.offset = offset
        self.length = length
        self.result = result
        self.worker = worker
        self.startNanoseconds = startNanoseconds
        self.durationNanoseconds = durationNanoseconds
        self.tries = tries
        self.queuedNanoseconds = queuedNanoseconds
        self.takenNanoseconds = takenNanoseconds
    }

    /// The fields that the trace has too.
    package var extent: [(String, JSONText)] {
        [
            ("count", .number(count)), ("offset", .number(offset)), ("length", .number(length)), ("result", result),
        ]
    }

    /// Its JSON in the report.
    package var json: JSONText {
        var members: [(String, JSONText)] = [("index", .number(index))] + extent
        members += [
            ("worker", .number(worker)), ("startNanoseconds", .number(startNanoseconds)),
            ("durationNanoseconds", .number(durationNanoseconds)), ("tries", .number(tries)),
            ("queuedNanoseconds", .number(orNull: queuedNanoseconds)),
            ("takenNanoseconds", .number(orNull: takenNanoseconds)),
        ]
        return .object(members)
    }

    /// Reads it from a report; throws if a field is missing or of another type.
    package init(_ json: JSONText) throws(PoolmapError) {
        let members = try ReportMembers(json, "a chunk")
        self.init(
            index: try members.number("index"), count: try members.number("count"),
            offset: try members.number("offset"), length: try members.number("length"),
            result: try members.result("result"), worker: try members.number("worker"),
            startNanoseconds: try members.number("startNanoseconds"),
            durationNanoseconds: try members.number("durationNanoseconds"), tries: try members.number("tries"),
            queuedNanoseconds: try members.optionalNumber("queuedNanoseconds"),
            takenNanoseconds: try members.optionalNumber("takenNanoseconds"))
    }
}

/// Gives the members of a report's object by name, and checks their types.
package struct ReportMembers {
    private let members: [(String, JSONText)]
    private let place: String

    /// - Parameter place: the name of the object, for messages.
    package init(_ json: JSONText, _ place: String) throws(PoolmapError) {
        guard case .object(let members) = json else {
            throw .damaged("is not a report: \(place) is not an object")
        }
        self.members = members
        self.place = place
    }

    private subscript(_ name: String) -> JSONText? {
        members.last { $0.0 == name }?.1
    }

    package func number(_ name: String) throws(PoolmapError) -> UInt64 {
        guard case .number(let value)? = self[name] else { throw error(name, "a number") }
        return value
    }

    /// Returns nil if it is null or missing.
    package func optionalNumber(_ name: String) throws(PoolmapError) -> UInt64? {
        switch self[name] {
        case .number(let value): value
        case nil, .null: nil
        default: throw error(name, "a number or null")
        }
    }

    package func string(_ name: String) throws(PoolmapError) -> String {
        guard case .string(let value)? = self[name] else { throw error(name, "a string") }
        return value
    }

    package func optionalString(_ name: String) throws(PoolmapError) -> String? {
        switch self[name] {
        case .string(let value): value
        case nil, .null: nil
        default: throw error(name, "a string or null")
        }
    }

    /// An object or null.
    package func result(_ name: String) throws(PoolmapError) -> JSONText {
        switch self[name] {
        case .object(let members): .object(members)
        case nil, .null: .null
        default: throw error(name, "an object or null")
        }
    }

    package func strings(_ name: String) throws(PoolmapError) -> [String] {
        guard case .array(let values)? = self[name] else { throw error(name, "an array") }
        return try values.map { (value) throws(PoolmapError) in
            guard case .string(let text) = value else { throw error(name, "an array of strings") }
            return text
        }
    }

    private func error(_ name: String, _ kind: String) -> PoolmapError {
        .damaged("is not a report: \(name) of \(place) is not \(kind)")
    }
}
