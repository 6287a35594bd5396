import ArgumentParser
import ArgumentSyntax
import Digests
import Files
import Ground
import Operations

extension HashAlgorithm.Name: ExpressibleByArgument {}

/// Which digests `hash` computes.
struct DigestOptions: ParsableArguments {
    @Option(
        name: [.customShort("a"), .long],
        help: ArgumentHelp(
            "Use this algorithm instead of blake3; repeat the option to compute several in one read.",
            valueName: "name"))
    var algorithm: [HashAlgorithm.Name] = []

    @Option(
        name: .customLong("part-size"),
        help: ArgumentHelp(
            "Set the part size of S3 digests, such as 16M; default 8M, as for uploads.", valueName: "size")
    )
    var partSize: ByteSize?

    @Option(name: .long, help: ArgumentHelp("Set the salt of fs-verity digests, in hexadecimal.", valueName: "hex"))
    var salt: HexadecimalBytes?

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp(
            "With blake3: print digests of n bytes; default 32. With --check of a manifest: check n bytes, such as 8M.",
            valueName: "n"))
    var length: ByteSize?

    @Flag(name: .long, help: "With blake3: hash with a key of 32 bytes, read from standard input.")
    var keyed = false

    @Option(
        name: .customLong("derive-key"),
        help: ArgumentHelp("With blake3: derive a key for this context from each file.", valueName: "context"))
    var deriveKey: String?

    func validate() throws {
        if let partSize, partSize.bytes == 0 {
            throw ValidationError("--part-size must be at least 1")
        }
        if let salt, salt.bytes.count > 32 {
            throw ValidationError("--salt must be at most 32 bytes (got \(salt.bytes.count))")
        }
        if keyed && deriveKey != nil {
            throw ValidationError("--keyed cannot be combined with --derive-key")
        }
        try require(keyed, "--keyed", for: [.blake3])
        try require(deriveKey != nil, "--derive-key", for: [.blake3])
        try require(partSize != nil, "--part-size", for: [.s3ETag, .s3SHA256, .s3CRC32C])
        try require(salt != nil, "--salt", for: [.fsveritySHA256, .fsveritySHA512])
    }

    /// Throws if --length is not a valid digest length.
    func validateLength() throws {
        let most = UInt64(HashAlgorithm.mostDigestBytes)
        if let length, !(1...most).contains(length.bytes) {
            throw ValidationError("--length must be between 1 and \(most) (got \(length.bytes))")
        }
        try require(length != nil, "--length", for: [.blake3])
    }

    /// Throws if an option is given that applies to none of the algorithms.
    private func require(_ isGiven: Bool, _ option: String, for wanted: [HashAlgorithm.Name]) throws {
        guard isGiven, !names.contains(where: wanted.contains) else { return }
        let list = wanted.map(\.rawValue).joined(separator: " or ")
        throw ValidationError("\(option) requires --algorithm \(list)")
    }

    private var names: [HashAlgorithm.Name] {
        algorithm.isEmpty ? [.blake3] : algorithm
    }

    /// The algorithms, each once, in the order given.
    ///
    /// Reads the key of --keyed.
    ///
    /// - Parameter standardInputIsTaken: whether an input comes from standard input.
    func algorithms(standardInputIsTaken: Bool) throws -> [HashAlgorithm] {
        var purpose = HashAlgorithm.Blake3Purpose.hash
        if keyed {
            guard !standardInputIsTaken else {
                throw ValidationError("--keyed reads the key from standard input; name the files to hash")
            }
            purpose = .keyed(try readKey())
        } else if let deriveKey {
            purpose = .deriveKey(context: deriveKey)
        }
        var algorithms: [HashAlgorithm] = []
        for name in names {
            var one = HashAlgorithm(
                name, partBytes: partSize?.bytes ?? HashAlgorithm.defaultPartBytes, salt: salt?.bytes ?? [])
            if case .blake3 = one {
                one = .blake3(purpose, digestBytes: length.map { Int($0.bytes) } ?? 32)
            }
            if !algorithms.contains(one) {
                algorithms.append(one)
            }
        }
        return algorithms
    }

    /// The algorithm of lines that do not name one; nil to tell it from the digest's length.
    ///
    /// Reads the key of --keyed.
    func untagged(standardInputIsTaken: Bool) throws -> HashAlgorithm? {
        let isGiven = !algorithm.isEmpty || keyed || deriveKey != nil || length != nil
        return isGiven ? try algorithms(standardInputIsTaken: standardInputIsTaken).first : nil
    }

    private func readKey() throws(PoolmapError) -> [UInt8] {
        let key = try readStandardInput(atMost: 33)
        guard key.count == 32 else {
            let size = key.count > 32 ? "more" : "\(key.count)"
            throw .unusable("--keyed requires a key of 32 bytes on standard input (got \(size))")
        }
        return key
    }
}

/// Bytes as hexadecimal digits.
struct HexadecimalBytes: ExpressibleByArgument {
    let bytes: [UInt8]

    init?(argument: String) {
        guard let bytes = Operations.bytes(ofHexadecimal: Array(argument.utf8)[...]) else { return nil }
        self.bytes = bytes
    }
}
