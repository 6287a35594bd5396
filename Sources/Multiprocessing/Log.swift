import Logging

/// The logger that the library writes to; none at first, and then the library is silent.
///
/// Set it before the first process is started: children have it from the fork on, with all that it writes to.
enum Log {
    nonisolated(unsafe) private(set) static var logger: Logger?

    /// Sets or takes away the logger.
    static func set(_ logger: Logger?) {
        self.logger = logger
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

/// Hands the library a logger, in which it notes what its processes do: started, ended, replaced, given up.
///
/// Without one the library is silent. Set it while the process has one thread, before the first process is started;
/// children have it from the fork on. A logger of the level `debug` is told of every process. The corresponding Python
/// API is `multiprocessing.get_logger`.
public func setLogger(_ logger: Logger?) {
    Log.set(logger)
}

/// Makes the library log to standard error, a line an event, and returns the logger.
///
/// The corresponding Python API is `multiprocessing.log_to_stderr`.
@discardableResult
public func logToStandardError(level: Logger.Level = .info) -> Logger {
    var logger = Logger(label: "multiprocessing", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = level
    Log.set(logger)
    return logger
}
