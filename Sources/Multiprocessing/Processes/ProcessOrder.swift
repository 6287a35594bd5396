import CMultiprocessing
import Glibc
import SystemPackage

/// The entry point of a process that does not have its parent's memory.
///
/// The child, which runs the same executable, finds it by the name of its type and decodes it from what the parent
/// sent.
protocol ProcessEntry: Codable {
    /// The process's whole life.
    func main() -> Never
}

/// Everything that is sent to a process that does not have its parent's memory.
struct ProcessOrder: Codable {
    let identity: ProcessIdentity
    /// The mangled name of the entry's type.
    let entryType: String
    /// The encoded entry.
    let entry: [UInt8]
    /// The descriptors that the entry's values attached, in order.
    let descriptors: [DuplicatedDescriptor]
    /// The reading end of a pipe, for a daemon: the kernel kills the child when its writer closes.
    let lifeline: DuplicatedDescriptor?
    /// The child's standard input; nil for `/dev/null`.
    let standardInput: DuplicatedDescriptor?

    /// Encodes the entry and passes the order to `body`; returns the lifeline of a daemon.
    ///
    /// Throws `encodingFailed`, or `invalidState` if the child would not find the type, or variables that the type
    /// uses.
    static func sending<Entry: ProcessEntry>(
        _ entry: Entry, _ identity: ProcessIdentity, _ standardInput: StandardInput,
        _ body: (ProcessOrder) throws(MultiprocessingError) -> Void
    ) throws(MultiprocessingError) -> PrivateDescriptor? {
        guard let entryType = _mangledTypeName(Entry.self), !entryType.contains("$") else {
            // A private type's name holds an address, which means nothing in another process.
            throw MultiprocessingError(
                .invalidState,
                "\(Entry.self) cannot be found by its name in another process: make its types internal or public")
        }
        try ScriptVariables.requireNone(for: Entry.self)
        var buffer = ByteBuffer()
        let attached: [Int32]
        do {
            attached = try DescriptorTransfer.collecting {
                try MessageCoder<Entry>.codable().encode(entry, into: &buffer)
            }
        } catch {
            throw MultiprocessingError.encoding(a: Entry.self, error)
        }
        // The entry keeps its descriptors open until the order is sent.
        defer { withExtendedLifetime(entry) {} }
        let lifeline = identity.isDaemon ? try makePipe() : nil
        defer { lifeline.map { _ = close($0.reader) } }
        let writer = lifeline.map { PrivateDescriptor(owning: $0.writer) }
        try body(
            ProcessOrder(
                identity: identity, entryType: entryType, entry: Array(buffer.readable),
                descriptors: attached.map { DuplicatedDescriptor(FileDescriptor(rawValue: $0)) },
                lifeline: lifeline.map { DuplicatedDescriptor(FileDescriptor(rawValue: $0.reader)) },
                standardInput: standardInput.sent))
        return writer
    }

    /// In the child: carries out the order.
    ///
    /// - Parameter report: called once, with nil when the entry was decoded and is about to run, else with the error.
    func follow(reporting report: (String?) -> Void) -> Never {
        if let lifeline, mp_end_with_peer(lifeline.fileDescriptor.rawValue, SIGKILL) != 0 {
            report("a daemon cannot be tied to its parent: \(Errno(rawValue: errno))")
            _exit(EXIT_FAILURE)
        }
        ProcessIdentity.become(identity)
        StandardInput.take(standardInput)
        ParentProcess.openWhileItWaits()
        let entry: any ProcessEntry
        do {
            entry = try decodedEntry()
        } catch {
            report("\(error)")
            _exit(EXIT_FAILURE)
        }
        report(nil)
        entry.main()
    }

    /// In the fork server, which keeps no copy of the child's descriptors.
    func closeDescriptors() {
        for descriptor in descriptors + [lifeline, standardInput].compactMap({ $0 }) {
            try? descriptor.fileDescriptor.close()
        }
    }

    private func decodedEntry() throws -> any ProcessEntry {
        guard let type = _typeByName(entryType) as? any ProcessEntry.Type else {
            throw MultiprocessingError(.decodingFailed, "the program has no type \(entryType)")
        }
        func decode<Entry: ProcessEntry>(_ type: Entry.Type) throws -> any ProcessEntry {
            try DescriptorTransfer.handing(descriptors.map(\.fileDescriptor.rawValue)) {
                try entry.withUnsafeBytes { try MessageCoder<Entry>.codable().decode($0) }
            }
        }
        return try decode(type)
    }
}
