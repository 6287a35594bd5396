import Testing

@testable import JobServer

/// Values of `MAKEFLAGS`; the rows without a comment are written by GNU make 4.3 and 4.4.1.
@Suite struct MakeFlagsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let jobs: Int?
        let server: MakeFlags.Server?

        init(_ text: String, jobs: Int? = nil, _ server: MakeFlags.Server? = nil) {
            (self.text, self.jobs, self.server) = (text, jobs, server)
        }

        var testDescription: String { "\"\(text)\"" }
    }

    static let pipe = MakeFlags.Server.pipe(reader: 3, writer: 4)
    static let fifo = MakeFlags.Server.fifo("/tmp/GMfifo29743")

    static let written = [
        Row(""), Row("k"), Row("w"), Row(" -j"), Row(" -- V=1"),
        Row(" -j1", jobs: 1), Row("w -j1", jobs: 1), Row("kw -j1 --no-print-directory -- V=1", jobs: 1),
        Row(" -j4 --jobserver-auth=3,4", jobs: 4, pipe),
        Row("nw -j4 --jobserver-auth=3,4", jobs: 4, pipe),
        Row(" -I/tmp -j4 -l2.5 -Oline --jobserver-auth=3,4", jobs: 4, pipe),
        Row(" --jobserver-fds=3,4 -j", pipe),
        Row("k -j4 --jobserver-auth=3,4 -- X=-j9 V=1", jobs: 4, pipe),
        Row(" -j4 --jobserver-auth=fifo:/tmp/GMfifo29743", jobs: 4, fifo),
        Row("k -j4 --jobserver-auth=fifo:/tmp/GMfifo29743 --sync-mutex=fnm:/tmp/Gmb51fLp -- X=-j9", jobs: 4, fifo),
        Row(" -j2 --jobserver-auth=fifo:/tmp/a\\ b$c\\\\d/GMfifo1", jobs: 2, .fifo("/tmp/a b$c\\d/GMfifo1")),
        Row(" -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2", jobs: 4, .disabled),
        Row(" -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2 -- V=1", jobs: 4, .disabled),
        // As poolmap itself writes it, and what remains of that for a parser that knows only make's own form.
        Row(" -j4 --jobserver-auth=fifo:/proc/1/fd/9 --jobserver-auth 3,4", jobs: 4, .fifo("/proc/1/fd/9")),
        Row(" -j4 --jobserver-auth 3,4", jobs: 4, pipe),
        // The value of a variable, and the argument of --eval, is one word whatever it contains.
        Row("k -j4 --jobserver-auth=3,4 -- W=a\\ --\\ --jobserver-auth=7,8 V=1", jobs: 4, pipe),
        Row("w -j3 --jobserver-auth=3,4 --eval=x:=--jobserver-auth=7,8", jobs: 3, pipe),
        Row(" -j3 --jobserver-auth=3,4 --eval=x:=1\\ --jobserver-auth=7,8\\ -j1", jobs: 3, pipe),
        Row(" -- MAKEOVERRIDES=--jobserver-auth=3,4 X=-j1"),
    ]

    // Not written by make itself: what people put into the variable, and possible future forms.
    static let others = [
        Row("-j1", jobs: 1), Row("j1", jobs: 1), Row("kj1", jobs: 1), Row("-kj1 -s", jobs: 1), Row("--jobs=1", jobs: 1),
        Row("-j 1", jobs: 1), Row("--jobs 1", jobs: 1), Row("j 1", jobs: 1), Row("-j8", jobs: 8),
        Row("-j8 -j1", jobs: 1),
        Row("-j1 -j"), Row("-j k"), Row("V=-j1"), Row("V=1 -j1", jobs: 1), Row("-Ij1"), Row("-Cj1"), Row("Oj1"),
        Row("-"),
        Row("\t-j1\t", jobs: 1), Row("-jx"), Row("-j99999999999999999999"), Row("\\"), Row("-j1\\", jobs: nil),
        Row("--jobserver-auth=3,4 --jobserver-fds=5,6", .pipe(reader: 5, writer: 6)),
        Row("--jobserver-fds=5,6 --jobserver-auth=3,4", pipe),
        Row("--jobserver-auth=-2,-2 --jobserver-auth=3,4", pipe),
        Row("--jobserver-auth=3,-1", .disabled), Row("--jobserver-auth=-1,4", .disabled),
        Row("--jobserver-auth", .unknown("")), Row("--jobserver-auth=", .unknown("")),
        Row("--jobserver-auth=3", .unknown("3")), Row("--jobserver-auth=3,4,5", .unknown("3,4,5")),
        Row("--jobserver-auth=3,x", .unknown("3,x")), Row("--jobserver-auth=3,99999999999", .unknown("3,99999999999")),
        Row("--jobserver-auth=fifo:", .unknown("fifo:")), Row("--jobserver-auth=sem:/x", .unknown("sem:/x")),
        Row("--jobserver-authority=3,4"), Row("--jobserver-style=pipe"),
        Row("--jobserver-auth=fifo:/a=b,c", .fifo("/a=b,c")), Row("--jobserver-auth=fifo:r\u{E9}l", .fifo("r\u{E9}l")),
    ]

    @Test(arguments: written) func whatMakeWritesIsUnderstood(_ row: Row) {
        expectSame(row)
    }

    @Test(arguments: others) func whatOthersWriteIsUnderstoodAsMakeDoes(_ row: Row) {
        expectSame(row)
    }

    private func expectSame(_ row: Row) {
        let flags = MakeFlags(row.text)
        #expect(flags.jobs == row.jobs)
        #expect(flags.server == row.server)
    }

    @Test(arguments: [
        ("", " -j2 A B"), ("k", "k -j2 A B"), (" -k", " -k -j2 A B"),
        ("ks -- X=1 Y=a\\ b", "ks -j2 A B -- X=1 Y=a\\ b"),
        (" -- X=--jobserver-auth=1,2", " -j2 A B -- X=--jobserver-auth=1,2"), ("X=1", " X=1 -j2 A B"),
        ("k -j9 --jobserver-auth=7,8 -Oline", "k -j9 -Oline -j2 A B"), (" --jobserver-fds=7,8 -s", " -s -j2 A B"),
        (" -j4 --jobserver-auth=fifo:/tmp/x --jobserver-auth 3,4 -- V=1", " -j4 -j2 A B -- V=1"),
        (" -I/a\\ b", " -I/a\\ b -j2 A B"), (" --jobserver-auth", " -j2 A B"),
    ])
    func anotherJobServerTakesThePlaceOfThatInTheText(_ before: String, _ after: String) {
        #expect(MakeFlags.text(before, servedBy: ["-j2", "A", "B"]) == after)
    }
}
