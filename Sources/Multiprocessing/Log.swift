import Logging

/// The logger that the library writes to; there is none at first, so the library is silent.
///
/// Set it before the first process is started: forked children inherit it with everything that it writes to.
enum Log {
    nonisolated(unsafe) private(set) static var logger: Logger?
    /// Lines from this level on are forwarded to another process; nil if none are.
    nonisolated(unsafe) private(set) static var forwardedLevel: Logger.Level?

    /// Sets or removes the logger.
    static func set(_ logger: Logger?) {
        self.logger = logger
        forwardedLevel = nil
    }

    /// Sends this process's lines to `send`, as payloads for `take`, instead of to its parent's destination.
    static func forward(from level: Logger.Level, _ send: @escaping @Sendable (UnsafeRawBufferPointer) -> Void) {
        var forwarding = Logger(label: "multiprocessing", factory: { _ in ForwardingLogHandler(send: send) })
        forwarding.logLevel = level
        logger = forwarding
        forwardedLevel = level
    }

    /// Logs a line that another process has forwarded.
    static func take(_ payload: UnsafeRawBufferPointer) {
        guard let line = try? ForwardingLogHandler.coder.decode(payload) else { return }
        logger?.log(level: line.level, "\(line.text)", metadata: line.metadata.mapValues { "\($0)" })
    }

    static func debug(_ message: @autoclosure () -> Logger.Message) {
        logger?.debug(message())
    }

    static func info(_ message: @autoclosure () -> Logger.Message) {
        logger?.info(message())
    }

    static func warning(_ message: @autoclosure () -> Logger.Message) {
        logger?.warning(message())
    }
}

/// Sets the logger to which the library reports what happens to its processes: started, ended, replaced, given up.
///
/// Without one the library is silent. Set it while the process has one thread, before the first process is started:
/// forked children inherit it. At level `debug`, a logger receives a line for every process. The corresponding Python
/// API is the logger that `multiprocessing.get_logger` returns.
public func setLogger(_ logger: Logger?) {
    Log.set(logger)
}

/// Makes the library log to standard error, one line per event, and returns the logger.
///
/// The corresponding Python API is `multiprocessing.log_to_stderr`.
@discardableResult
public func logToStandardError(level: Logger.Level = .info) -> Logger {
    var logger = Logger(label: "multiprocessing", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = level
    Log.set(logger)
    return logger
}

/// The logger that the library writes to in this process, for your own lines; nil if there is none.
///
/// In the workers of a pool started by `spawn` or `forkserver`, its lines go to the logger of the process that made the
/// pool, when that process next receives results. The corresponding Python API is `multiprocessing.get_logger`.
public func getLogger() -> Logger? {
    Log.logger
}
