import Glibc
import Ground

/// A POSIX extended regular expression that is matched against lines, byte by byte.
///
/// It is immutable once created. The C functions are `regcomp` and `regexec`.
package final class LinePattern: @unchecked Sendable {
    private var pattern = regex_t()

    /// Throws if the text is not a valid expression.
    package init(_ text: String) throws(PoolmapError) {
        let code = regcomp(&pattern, text.cName, REG_EXTENDED | REG_NOSUB)
        guard code == 0 else {
            var message = [CChar](repeating: 0, count: 256)
            regerror(code, &pattern, &message, message.count)
            throw PoolmapError(.invalidOption, FileName.text(of: message))
        }
    }

    deinit {
        regfree(&pattern)
    }

    /// Whether some part of the line matches.
    ///
    /// - Parameter line: the line without its line feed.
    func matches(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let start = line.baseAddress?.assumingMemoryBound(to: CChar.self) else {
            return matches([])
        }
        return match(start, line.count)
    }

    private func matches(_ empty: [CChar]) -> Bool {
        match([0], 0)
    }

    private func match(_ start: UnsafePointer<CChar>, _ byteCount: Int) -> Bool {
        var range = regmatch_t(rm_so: 0, rm_eo: regoff_t(byteCount))
        return regexec(&pattern, start, 1, &range, REG_STARTEND) == 0
    }
}
