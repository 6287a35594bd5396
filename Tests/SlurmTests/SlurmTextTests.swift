import Ground
import Testing

@testable import Slurm

/// The texts exchanged with Slurm.
@Suite struct SlurmTextTests {
    // MARK: Words for sh

    @Test func plainWordsStayUnquoted() {
        #expect(
            shellLine(["poolmap", "--level=19", "-o", "a/b.tar.zst"]) == Array("poolmap --level=19 -o a/b.tar.zst".utf8)
        )
    }

    @Test func bytesSpecialToTheShellAreQuoted() {
        #expect(shellLine(["", "a b", "it's", "$x", "~", "*"]) == Array(#"'' 'a b' 'it'\''s' '$x' '~' '*'"#.utf8))
        let name: [UInt8] = [0x61, 0xFF, 0x0A]
        #expect(shellLine([FileName.text(of: name)]) == [0x27, 0x61, 0xFF, 0x0A, 0x27])
    }

    // MARK: Numbers

    @Test(arguments: [
        ([1], "1"), ([1, 2, 3], "1-3"), ([3, 7], "3,7"), ([9, 1, 2, 3, 5, 6, 9], "1-3,5-6,9"),
    ])
    func numbersAreWrittenAsRuns(numbers: [Int], text: String) {
        #expect(indexList(numbers) == text)
        #expect(indices(ofList: text[...], atMost: 9) == Set(numbers).sorted())
    }

    @Test(arguments: ["", "0", "1-", "-1", "2-1", "1-2-3", "1,,2", "1-10", "x", "1-16%2"])
    func textThatIsNotAListOfNumbersIsRejected(text: String) {
        #expect(indices(ofList: text[...], atMost: 9) == nil)
    }

    // MARK: squeue and scontrol

    @Test func theQueueTellsWhereEachElementIs() {
        let lines = QueueLine.all(
            of: """
                39|3|PENDING||Resources
                39|2|RUNNING|node2|None
                40|N/A|PENDING||ReqNodeNotAvail, UnavailableNodes:node[1-2]|x
                39|1|NODE_FAIL|node1|NodeDown

                slurm_load_jobs error
                """)
        #expect(lines.map(\.element) == [3, 2, nil, 1])
        #expect(lines.map(\.state) == [.waiting, .running, .waiting, .ended("NODE_FAIL")])
        #expect(lines.map(\.node) == ["", "node2", "", "node1"])
        #expect(lines[2].reason == "ReqNodeNotAvail, UnavailableNodes:node[1-2]|x")
    }

    @Test(arguments: [
        ("PENDING", false), ("RUNNING", false), ("COMPLETING", false), ("REQUEUE_HOLD", false), ("A_NEW_ONE", false),
        ("COMPLETED", true), ("CANCELLED", true), ("FAILED", true), ("TIMEOUT", true), ("OUT_OF_MEMORY", true),
    ])
    func onlyKnownFinalStatesAreOver(word: String, isOver: Bool) {
        #expect(JobState(word).isOver == isOver)
    }

    @Test func theEndingIsReadFromScontrol() throws {
        let ending = try #require(
            JobEnding(
                "JobId=44 ArrayTaskId=2 JobName=x y JobState=FAILED Reason=NonZeroExitCode ExitCode=7:0 NodeList=node2")
        )
        #expect(
            ending.state == .ended("FAILED") && ending.exitCode == 7 && ending.signal == 0 && ending.node == "node2")
        let killed = try #require(JobEnding("JobState=FAILED ExitCode=0:9 NodeList=(null)"))
        #expect(killed.signal == 9 && killed.node.isEmpty)
        #expect(JobEnding("slurm_load_jobs error: Invalid job id specified") == nil)
    }

    // MARK: Notes and the record

    @Test func anIncompleteNoteIsRejected() throws {
        let note = try #require(PartNote("137 4711 node1\n"))
        #expect(note.exitCode == 137 && note.job == "4711" && note.node == "node1" && !note.isDone)
        for text in ["", "0 4711 node1", "0 4711\n", "x 4711 node1\n", "0 4711 a b\n"] {
            #expect(PartNote(text) == nil, "\(text)")
        }
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        var record = ArrayRecord(token: "1f", line: "cd /a && poolmap --compress -- 'b c'", count: 9, input: "7 1 2")
        record.submissions = [.init(.parts(Array(1...9)), job: "34"), .init(.join, job: "43"), .init(.parts([3, 7]))]
        let text = record.text
        #expect(ArrayRecord(text, most: 9) == record)
        #expect(record.name(of: 2) == "poolmap-1f-3")
        #expect(ArrayRecord(text, most: 8) == nil)
        #expect(ArrayRecord(text.replacing("engine slurm, 1", with: "engine slurm, 2"), most: 9) == nil)
        // A record cut at any byte is invalid, or has fewer jobs.
        for length in 0..<text.utf8.count {
            let cut = ArrayRecord(String(text.prefix(length)), most: 9)
            #expect(cut.map { $0.submissions.count < 3 } ?? true)
        }
    }

    // MARK: Scripts

    @Test func anElementRunsTheCommandWithItsPartAndNotesTheResult() {
        let script = JobScript(program: "/usr/bin/poolmap", folder: "/a b", notes: "t.engine")
        let text = FileName.text(
            of: script.element(["--compress", "-o", "t", "-f"], ["--", "it's"], of: 16, leaving: "t"))
        #expect(text.hasPrefix("#!/bin/sh\ncd '/a b' || exit\n"))
        #expect(
            text.contains(
                #"/usr/bin/poolmap --compress -o t -f --part "$part/16" -- 'it'\''s' > "$note.log" 2>&1 < /dev/null"#))
        #expect(text.contains(#"[ -e t.part-"$part"-of-16 ]"#))
        #expect(text.hasSuffix("exit $code\n"))
        let test = FileName.text(of: script.element(["--test"], ["--", "t"], of: 2, leaving: nil))
        #expect(!test.contains("-of-2"))
    }

    @Test func theJoinNamesAllParts() {
        let script = JobScript(program: "/poolmap", folder: "/", notes: "t.engine")
        let text = FileName.text(
            of: script.join(["-f", "-o", "t", "--", "t.part-1-of-2", "t.part-2-of-2"], removesNotes: false))
        #expect(text.contains("/poolmap --join --rm -f -o t -- t.part-1-of-2 t.part-2-of-2 > "))
        #expect(!text.contains("rm -rf"))
        let detached = FileName.text(of: script.join(["-o", "t", "--", "t.part-1-of-2"], removesNotes: true))
        #expect(detached.contains("[ $code != 0 ] || rm -rf -- t.engine\nexit $code\n"))
    }
}
