import ArgumentParser
import ArgumentSyntax
import Digests
import Files
import Ground
import Operations

extension HashAlgorithm.Name: ExpressibleByArgument {}

/// What `hash` computes.
struct DigestOptions: ParsableArguments {
    @Option(
        name: [.customShort("a"), .long],
        help: ArgumentHelp(
            "blake3 (default), sha256, sha512, sha1, md5, crc32, crc32c, crc64nvme, s3-etag, s3-sha256, s3-crc32c, "
                + "dropbox, fsverity-sha256 or fsverity-sha512; several in one read, if given several times.",
            valueName: "name"))
    var algorithm: [HashAlgorithm.Name] = []

    @Option(
        name: .customLong("part-size"),
        help: ArgumentHelp("The parts of S3's digests, as 16M; by default 8M, as uploads have them.", valueName: "size")
    )
    var partSize: ByteSize?

    @Option(name: .long, help: ArgumentHelp("The salt of fs-verity's digests, in hexadecimal.", valueName: "hex"))
    var salt: HexadecimalBytes?

    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp(
            "With blake3: how many bytes the digest has; by default 32. With --check: how many bytes are checked, as 8M.",
            valueName: "n"))
    var length: ByteSize?

    @Flag(name: .long, help: "With blake3: hash with a key, whose 32 bytes are standard input.")
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
            throw ValidationError("--salt must have 32 bytes at most, and has \(salt.bytes.count)")
        }
        if keyed && deriveKey != nil {
            throw ValidationError("--keyed and --derive-key exclude each other")
        }
        try require(keyed, "--keyed", for: [.blake3])
        try require(deriveKey != nil, "--derive-key", for: [.blake3])
        try require(partSize != nil, "--part-size", for: [.s3ETag, .s3SHA256, .s3CRC32C])
        try require(salt != nil, "--salt", for: [.fsveritySHA256, .fsveritySHA512])
    }

    /// Throws where --length is not that of a digest.
    func validateLength() throws {
        let most = UInt64(HashAlgorithm.mostDigestBytes)
        if let length, !(1...most).contains(length.bytes) {
            throw ValidationError("--length must be from 1 to \(most), and is \(length.bytes)")
        }
        try require(length != nil, "--length", for: [.blake3])
    }

    /// Throws if an option is given that none of the algorithms heeds.
    private func require(_ isGiven: Bool, _ option: String, for wanted: [HashAlgorithm.Name]) throws {
        guard isGiven, !names.contains(where: wanted.contains) else { return }
        let list = wanted.map(\.rawValue).joined(separator: " or ")
        throw ValidationError("\(option) needs --algorithm \(list)")
    }

    private var names: [HashAlgorithm.Name] {
        algorithm.isEmpty ? [.blake3] : algorithm
    }

    /// The algorithms, each once, in the order in which they were named.
    ///
    /// Reads the key.
    ///
    /// - Parameter standardInputIsTaken: whether an input is to be read from there.
    func algorithms(standardInputIsTaken: Bool) throws -> [HashAlgorithm] {
        var purpose = HashAlgorithm.Blake3Purpose.hash
        if keyed {
            guard !standardInputIsTaken else {
                throw ValidationError("--keyed reads the key from standard input: name the files")
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

    /// What a digest is that does not say it itself; nil for what its length says.
    ///
    /// Reads the key.
    func untagged(standardInputIsTaken: Bool) throws -> HashAlgorithm? {
        let isGiven = !algorithm.isEmpty || keyed || deriveKey != nil || length != nil
        return isGiven ? try algorithms(standardInputIsTaken: standardInputIsTaken).first : nil
    }

    private func readKey() throws(PoolmapError) -> [UInt8] {
        let key = try readStandardInput(atMost: 33)
        guard key.count == 32 else {
            let size = key.count > 32 ? "more" : "\(key.count)"
            throw .unusable("--keyed needs a key of 32 bytes on standard input, which has \(size)")
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
