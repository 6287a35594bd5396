import Logging

/// Sends log lines of one process to the logger of another.
struct ForwardingLogHandler: LogHandler {
    /// A log line as it is sent.
    struct Line: Codable {
        let level: Logger.Level
        let text: String
        let metadata: [String: String]
    }

    static let coder = MessageCoder<Line>.codable()

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    private let send: @Sendable (UnsafeRawBufferPointer) -> Void

    init(send: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        self.send = send
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
        all["error"] = event.error.map { "\($0)" } ?? all["error"]
        let line = Line(level: event.level, text: "\(event.message)", metadata: all)
        var buffer = ByteBuffer()
        if (try? ForwardingLogHandler.coder.encode(line, into: &buffer)) != nil {
            send(buffer.readable)
        }
    }
}
