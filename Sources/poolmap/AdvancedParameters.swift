import ArgumentParser
import ArgumentSyntax
import Operations

/// The argument of `--zstd=`, such as "wlog=23,strat=6": libzstd's parameters beyond the level.
struct AdvancedParameters: ExpressibleByArgument {
    let all: [(CompressionParameter, value: Int)]

    init?(argument: String) {
        var all: [(CompressionParameter, value: Int)] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard sides.count == 2, let parameter = CompressionParameter(name: sides[0]),
                let value = ByteSize(argument: sides[1]), let number = Int(exactly: value.bytes),
                number == 0 || parameter.range.contains(number)
            else { return nil }
            all.append((parameter, number))
        }
        self.all = all
    }
}
