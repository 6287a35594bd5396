import Ground
import Operations

/// `poolmap hash --manifest`: writes the manifests of all inputs, one after the other.
struct HashManifest {
    let options: HashOptions
    let files: [String]

    func run() throws {
        let scheme = try options.manifests.scheme(options.digests.algorithm)
        let console = try Console(options.common)
        try options.claimOutput(console.places)
        let part = try options.work(on: files, [scheme.algorithm])
        let items = try NamedItems(
            try options.names.sources(files), options.names.folders(.without([])), console.places, followsLinks: true,
            share: part?.share, tally: part?.tally)
        if let part {
            if options.parts.engine != nil { return try options.submit(items, files, part, console) }
            if part.share == nil { return try run(part, scheme, console) }
        }
        var output = try options.lineOutput(part, .manifests(scheme))
        let settings =
            options.settings([scheme.algorithm], mode: "manifest")
            + [("chunkBytes", .number(scheme.chunkBytes)), options.parts.setting]
        let batch = try console.batch(options.common, "hash", settings)
        batch.writeManifests(items, scheme, isOver: { output.isBroken }) { (ordinal, text) throws(PoolmapError) in
            let wasBroken = output.isBroken
            do throws(PoolmapError) {
                try output.write(output.text(ordinal, text))
            } catch {
                // Not the fault of any input.
                console.fail(nil, error)
            }
            if wasBroken || output.isBroken { throw .unusable("left out: the manifest cannot be written") }
        } report: { input, result in
            // Once the output has failed, the remaining results are not reported.
            if !output.isBroken { console.report(input, result) { _, _ in nil } }
        }
        console.attempt(nil) { () throws(PoolmapError) in try output.flush() }
        // Throws if an input failed, so that no file appears.
        try console.finish()
        try output.commit()
    }

    /// Hashes the chunks of a part of the one file.
    private func run(_ part: HashPart, _ scheme: ManifestScheme, _ console: Console) throws {
        var batch = try console.batch(
            options.common, "hash", options.settings([scheme.algorithm], mode: "manifest") + [options.parts.setting])
        batch.policy.force = options.force
        batch.writeManifestPart(part.part, of: files[0], to: part.path, scheme) { input, result in
            console.report(input, result) { _, _ in nil }
        }
        try console.finish()
    }
}
