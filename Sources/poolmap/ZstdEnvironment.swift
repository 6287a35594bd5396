import Glibc
import Operations

/// zstd's environment variables, which apply when no option is given.
///
/// An invalid value is ignored with a warning: a line in someone's profile is no reason to fail.
struct ZstdEnvironment {
    let isQuiet: Bool

    /// The level of ZSTD_CLEVEL; nil if it gives none.
    func level(isUltra: Bool) -> Int? {
        guard let (text, number) = number(of: "ZSTD_CLEVEL", allowsSign: true) else { return nil }
        let levels = CompressionOptions.levels
        let most = isUltra ? levels.upperBound : 19
        guard let number else { return ignore("ZSTD_CLEVEL", text, "not a level") }
        if number > most {
            note("ZSTD_CLEVEL=\(text) is too high, using \(most)\(isUltra ? "" : "; more requires --ultra")")
        }
        return min(max(number, levels.lowerBound), most)
    }

    /// The number of workers of ZSTD_NBTHREADS; nil if it gives none.
    func threads(atMost most: Int) -> Int? {
        guard let (text, number) = number(of: "ZSTD_NBTHREADS", allowsSign: false) else { return nil }
        guard let number else { return ignore("ZSTD_NBTHREADS", text, "not a number") }
        return min(number, most)
    }

    /// The variable's text and its number, which is nil for text that is not a number; nil if the variable is not set.
    private func number(of name: String, allowsSign: Bool) -> (text: String, number: Int?)? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        let sign = text.first.map { allowsSign && "+-".contains($0) } ?? false
        let digits = sign ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int32(text) else {
            return (text, nil)
        }
        return (text, Int(number))
    }

    private func ignore(_ name: String, _ text: String, _ reason: String) -> Int? {
        note("ignoring \(name)=\(text): \(reason)")
        return nil
    }

    private func note(_ message: String) {
        if !isQuiet {
            complain(.unusable(message), kind: "warning")
        }
    }
}
