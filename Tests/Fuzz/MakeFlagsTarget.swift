@testable import JobServer

extension FuzzTarget {
    /// `MAKEFLAGS`: the last setting counts, whatever came before.
    static let makeFlags = FuzzTarget(
        name: "makeflags", mostBytes: 256, leastEdges: 210,
        seeds: {
            [
                "", "kj8 --jobserver-auth=3,4", " -j --jobserver-fds=3,4 -j4",
                "k --jobserver-auth=fifo:/tmp/GMfifo12 -- A=-j9",
                "-j 4 --jobs=3 --jobs 5", "j2 --jobserver-auth=-2,-2", "a\\ b\\\\ -C j3 --output-sync",
            ].map { Array($0.utf8) }
        },
        run: { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let flags = MakeFlags(text)
            require(flags == MakeFlags(text), "it is read in two ways")
            // A blank after a backslash is part of a word, and variables follow `--`.
            let unescaped = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\\" }))
            guard text.unicodeScalars.last != "\\", !unescaped.contains("--") else { return }
            let more = MakeFlags(text + " --jobserver-auth=3,4 --jobs=7")
            require(more.server == .pipe(reader: 3, writer: 4), "\(more.server.debugDescription)")
            require(more.jobs == 7, "\(more.jobs.debugDescription)")
            require(MakeFlags(text + " -- --jobserver-auth=5,6 -j9").jobs == flags.jobs, "a variable is read")
        })
}
