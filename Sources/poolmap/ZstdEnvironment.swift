import Glibc
import Operations

/// What zstd's variables say where no option does.
///
/// A value that cannot be is ignored, with a word about it: what somebody has put into a profile is no reason to fail.
struct ZstdEnvironment {
    let isQuiet: Bool

    /// By ZSTD_CLEVEL; nil where it says nothing.
    func level(isUltra: Bool) -> Int? {
        guard let (text, number) = number(of: "ZSTD_CLEVEL", allowsSign: true) else { return nil }
        let levels = CompressionOptions.levels
        let most = isUltra ? levels.upperBound : 19
        guard let number else { return ignore("ZSTD_CLEVEL", text, "is no level") }
        if number > most {
            note("ZSTD_CLEVEL=\(text) is taken for \(most)\(isUltra ? "" : ", as more needs --ultra")")
        }
        return min(max(number, levels.lowerBound), most)
    }

    /// The number of workers, by ZSTD_NBTHREADS; nil where it says nothing.
    func threads(atMost most: Int) -> Int? {
        guard let (text, number) = number(of: "ZSTD_NBTHREADS", allowsSign: false) else { return nil }
        guard let number else { return ignore("ZSTD_NBTHREADS", text, "is no number") }
        return min(number, most)
    }

    /// The variable's text, with the number that it is; nil where it is not there.
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
        note("\(name)=\(text) \(reason), and ignored")
        return nil
    }

    private func note(_ message: String) {
        if !isQuiet {
            complain(.unusable(message), kind: "warning")
        }
    }
}
