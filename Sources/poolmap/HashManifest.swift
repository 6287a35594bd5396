import ArgumentParser
import ArgumentSyntax
import PoolmapCore

/// What `hash` takes to write manifests.
struct ManifestOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Write the digest of every chunk by itself, so that --check can say which bytes of a file are damaged; with \
            --check: all lists are manifests, which has to be said only of pipes.
            """)
    var manifest = false

    @Option(
        name: .customLong("chunk-size"),
        help: ArgumentHelp("With --manifest: the size of the chunks, from 1K to 1G; by default 1M.", valueName: "size"))
    var chunkSize: ByteSize?

    func validate() throws {
        guard let chunkSize else { return }
        guard manifest else { throw ValidationError("--chunk-size needs --manifest") }
        guard ManifestScheme.chunkBytesRange.contains(chunkSize.bytes) else {
            throw ValidationError("--chunk-size must be from 1K to 1G, and is \(chunkSize.bytes)")
        }
    }

    /// Throws for options that say nothing of a manifest.
    func requireNone(of options: [(isGiven: Bool, name: String)]) throws {
        if let option = options.first(where: { $0.isGiven }) {
            throw ValidationError("--manifest and \(option.name) exclude each other")
        }
    }

    /// What the manifest is to be by.
    func scheme(_ names: [HashAlgorithm.Name]) throws -> ManifestScheme {
        let known = ManifestScheme.algorithmNames.map(\.rawValue).joined(separator: ", ")
        guard names.count <= 1 else {
            throw ValidationError("--manifest takes one --algorithm, not \(names.count)")
        }
        let chunkBytes = chunkSize?.bytes ?? ManifestScheme.defaultChunkBytes
        guard let scheme = ManifestScheme(names.first ?? .blake3, chunkBytes: chunkBytes) else {
            throw ValidationError("--manifest takes one of these as --algorithm: \(known)")
        }
        return scheme
    }
}

extension Hash {
    /// Throws where an option says nothing of a manifest that is to be written.
    func validateManifest() throws {
        guard manifests.manifest, !checking.check else { return }
        try manifests.requireNone(of: [
            (tree.tree, "--tree"), (resume != nil, "--resume"), (digests.keyed, "--keyed"),
            (digests.deriveKey != nil, "--derive-key"), (digests.length != nil, "--length"), (lines.tag, "--tag"),
            (lines.noNames, "--no-names"), (lines.zero, "--zero"),
        ])
        _ = try manifests.scheme(digests.algorithm)
    }

    /// Writes the manifests of all inputs, one behind the other.
    func writeManifests() throws {
        let scheme = try manifests.scheme(digests.algorithm)
        let console = try Console(common)
        try claimOutput(console.places)
        let items = try NamedItems(
            try names.sources(files), names.folders(.without([])), console.places, followsLinks: true)
        let file = try lineFile()
        var output = LineOutput(to: file)
        // What was written has a gap then.
        var isBroken = false
        let settings = settings([scheme.algorithm], mode: "manifest") + [("chunkBytes", .number(scheme.chunkBytes))]
        try console.batch(common, "hash", settings).writeManifests(items, scheme, isOver: { isBroken }) {
            (text) throws(PoolmapError) in
            if isBroken { throw .unusable("is left out, since the manifest cannot be written") }
            do throws(PoolmapError) {
                try output.write(text)
            } catch {
                isBroken = true
                throw error
            }
        } report: { input, result in
            console.report(input, result) { _, _ in nil }
        }
        if !isBroken {
            console.attempt(nil) { () throws(PoolmapError) in try output.flush() }
        }
        // Throws where an input failed: then there is no file.
        try console.finish()
        try output.commit()
    }
}
