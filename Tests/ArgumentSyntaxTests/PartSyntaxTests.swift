import ArgumentParser
import Testing

@testable import ArgumentSyntax

/// Which part of a job is meant: always the given one, and never a guess.
@Suite struct PartSyntaxTests {
    /// "3/16", or the error message.
    private func part(_ text: String, _ variables: String = "") -> String {
        let pairs = variables.split(separator: " ").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        let environment = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
        do {
            let part = try PartSyntax(text, most: 1_000_000).resolved { environment[$0] }
            return "\(part.number)/\(part.count)"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("3/16", "3/16"), ("1/1", "1/1"), ("03/16", "3/16"), ("3/016", "3/16"), ("1000000/1000000", "1000000/1000000"),
    ])
    func aGivenPartWinsOverAnEngine(text: String, expected: String) {
        #expect(part(text) == expected)
        #expect(part(text, "SLURM_ARRAY_TASK_ID=x PBS_ARRAY_INDEX=7") == expected)
    }

    @Test(arguments: [
        "", "/", "3", "3/", "/4", "a/b", "+1/4", "-1/4", " 1/4", "1/4 ", "1/ 4", "1/4/2", "1.0/4", "0x1/4", "1/-4",
        "auto/",
        "auto/x", "auto/1/4", "Auto/4", "automatic", "4/auto", "\u{661}/4",
    ])
    func textThatIsNotAPartIsRefused(text: String) {
        let expected = "--part must have the form 3/16, or auto/16 in an array job (got \(text))"
        #expect(part(text, "PBS_ARRAY_INDEX=1") == expected)
    }

    @Test(arguments: [
        ("0/4", "--part must be between 1/4 and 4/4 (got 0/4)"),
        ("5/4", "--part must be between 1/4 and 4/4 (got 5/4)"),
        ("99999999999999999999/4", "--part must be between 1/4 and 4/4 (got 99999999999999999999/4)"),
        ("1/0", "--part must be one of 1 to 1000000 parts (got 1/0)"),
        ("auto/0", "--part must be one of 1 to 1000000 parts (got auto/0)"),
        ("1/1000001", "--part must be one of 1 to 1000000 parts (got 1/1000001)"),
        ("1/99999999999999999999", "--part must be one of 1 to 1000000 parts (got 1/99999999999999999999)"),
    ])
    func anImpossiblePartIsRefused(text: String, expected: String) {
        #expect(part(text, "PBS_ARRAY_INDEX=1") == expected)
    }

    @Test func withoutAnEngineNoPartIsGuessed() {
        let expected =
            "no array engine has set its variable (SLURM_ARRAY_TASK_ID, PBS_ARRAY_INDEX, PBS_ARRAYID, SGE_TASK_ID, "
            + "LSB_JOBINDEX, JOB_COMPLETION_INDEX or AWS_BATCH_JOB_ARRAY_INDEX); give the part's number, such as --part 3/16"
        #expect(part("auto") == "--part auto: \(expected)")
        #expect(part("auto/16") == "--part auto/16: \(expected)")
        // Grid Engine and LSF set these in every job.
        #expect(part("auto/16", "SGE_TASK_ID=undefined LSB_JOBINDEX=0 NSLOTS=4") == "--part auto/16: \(expected)")
        #expect(part("auto/16", "SLURM_JOB_ID=7 SLURM_ARRAY_TASK_MIN=1") == "--part auto/16: \(expected)")
    }

    private func slurm(_ index: String, _ first: Int, _ last: Int, by step: Int = 1, of count: Int) -> String {
        "SLURM_ARRAY_TASK_ID=\(index) SLURM_ARRAY_TASK_MIN=\(first) SLURM_ARRAY_TASK_MAX=\(last)"
            + " SLURM_ARRAY_TASK_STEP=\(step) SLURM_ARRAY_TASK_COUNT=\(count)"
    }

    @Test func slurmTellsWhereItsArrayBeginsAndHowManyElementsItHas() {
        for text in ["auto", "auto/16"] {
            #expect(part(text, slurm("3", 1, 16, of: 16)) == "3/16")
            #expect(part(text, slurm("0", 0, 15, of: 16)) == "1/16")
            #expect(part(text, slurm("15", 0, 15, of: 16)) == "16/16")
            #expect(part(text, slurm("31", 1, 31, by: 2, of: 16)) == "16/16")
        }
        #expect(part("auto/16", slurm("107", 100, 115, of: 16)) == "8/16")
        #expect(part("auto/1", slurm("5", 5, 5, of: 1)) == "1/1")
        // Versions that do not set a step have arrays without one.
        let withoutStep = slurm("3", 1, 16, of: 16).replacing(" SLURM_ARRAY_TASK_STEP=1", with: "")
        #expect(part("auto", withoutStep) == "3/16")
    }

    @Test func someElementsOfASlurmArrayAreNotTakenForAll() {
        let number = "give the part's number with --part \"$SLURM_ARRAY_TASK_ID/16\""
        #expect(
            part("auto/16", slurm("3", 3, 3, of: 1))
                == "--part auto/16: the array has 1 element, not 16; submit it with --array=1-16, or \(number)")
        #expect(
            part("auto/16", slurm("9", 8, 9, of: 2))
                == "--part auto/16: the array has 2 elements, not 16; submit it with --array=1-16, or \(number)")
        let gaps = "the array has gaps, with 3 elements from 1 to 7"
        #expect(part("auto", slurm("3", 1, 7, of: 3)) == "--part auto: \(gaps); \(number)")
        #expect(
            part("auto/16", slurm("3", 1, 7, of: 3))
                == "--part auto/16: \(gaps); submit it with --array=1-16, or \(number)")
        #expect(part("auto/3", slurm("3", 1, 7, of: 3)).hasSuffix("with --part \"$SLURM_ARRAY_TASK_ID/3\""))
        #expect(
            part("auto", slurm("3", 3, 3, of: 1))
                == "--part auto: the array has 1 element and may be incomplete; give the count, such as --part auto/16")
        #expect(
            part("auto", slurm("3", 3, 5, of: 3))
                == "--part auto: the array begins at 3 and may be incomplete; give the count, such as --part auto/16")
    }

    @Test func anIndexOutsideItsArrayIsRefused() {
        #expect(
            part("auto/4", slurm("0", 1, 4, of: 4)).hasPrefix("--part auto/4: SLURM_ARRAY_TASK_ID is 0, but the first"))
        #expect(
            part("auto/4", slurm("5", 1, 4, of: 4)).hasPrefix(
                "--part auto/4: SLURM_ARRAY_TASK_ID is 5, past the last"))
        #expect(
            part("auto/4", slurm("2", 1, 7, by: 2, of: 4)).hasPrefix("--part auto/4: SLURM_ARRAY_TASK_ID is 2, but "))
        #expect(part("auto/4", slurm("1", 4, 1, of: 4)).hasPrefix("--part auto/4: SLURM_ARRAY_TASK_MAX is 1, below"))
        #expect(part("auto/4", slurm("1", 1, 4, by: 0, of: 4)).hasPrefix("--part auto/4: SLURM_ARRAY_TASK_STEP is 0;"))
    }

    @Test func aVariableThatIsNotANumberIsNamedWithItsValue() {
        for value in ["", "x", "-1", "+3", "3x", "0x3", "99999999999999999999"] {
            #expect(
                part("auto/16", slurm(value, 1, 16, of: 16))
                    == "--part auto/16: SLURM_ARRAY_TASK_ID is '\(value)', not a number; give the part's number, such as --part 3/16"
            )
            for name in [
                "PBS_ARRAY_INDEX", "PBS_ARRAYID", "LSB_JOBINDEX", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX",
            ] {
                #expect(
                    part("auto/16", "\(name)=\(value)").hasPrefix(
                        "--part auto/16: \(name) is '\(value)', not a number;"))
            }
        }
        let broken = slurm("3", 1, 16, of: 16).replacing("COUNT=16", with: "COUNT=")
        #expect(part("auto/16", broken).hasPrefix("--part auto/16: SLURM_ARRAY_TASK_COUNT is '', not a number;"))
    }

    @Test func whatSlurmAndGridEngineLeaveOutIsNotGuessed() {
        #expect(
            part("auto/16", "SLURM_ARRAY_TASK_ID=3")
                == "--part auto/16: SLURM_ARRAY_TASK_ID is set, but SLURM_ARRAY_TASK_MIN is not; "
                + "give the part's number, such as --part 3/16")
        #expect(
            part("auto/16", "SGE_TASK_ID=3").hasPrefix("--part auto/16: SGE_TASK_ID is set, but SGE_TASK_FIRST is not;")
        )
        let variables = "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=16"
        #expect(part("auto/16", variables) == "3/16")
        #expect(
            part("auto", variables)
                == "--part auto: SLURM_ARRAY_TASK_ID does not tell how many parts there are; give the count, such as --part auto/16"
        )
    }

    @Test func gridEngineGivesItsRange() {
        func grid(_ index: Int, _ first: Int, _ last: Int, _ step: Int = 1) -> String {
            "SGE_TASK_ID=\(index) SGE_TASK_FIRST=\(first) SGE_TASK_LAST=\(last) SGE_TASK_STEPSIZE=\(step)"
        }
        for text in ["auto", "auto/16"] {
            #expect(part(text, grid(3, 1, 16)) == "3/16")
            // The last index need not belong to an element.
            #expect(part(text, grid(151, 1, 160, 10)) == "16/16")
        }
        #expect(
            part("auto/16", grid(7, 7, 7)).hasSuffix(
                "submit it with -t 1-16, or give the part's number with --part \"$SGE_TASK_ID/16\""))
        #expect(
            part("auto", grid(7, 7, 7)).hasPrefix("--part auto: the array has 1 element and may be incomplete;"))
    }

    @Test(arguments: [("PBS_ARRAY_INDEX", "-J"), ("PBS_ARRAYID", "-t")])
    func pbsGivesOnlyAnIndex(name: String, option: String) {
        #expect(part("auto/16", "\(name)=1") == "1/16")
        #expect(part("auto/16", "\(name)=16") == "16/16")
        let advice = "submit it with \(option) 1-16, or give the part's number with --part \"$\(name)/16\""
        #expect(part("auto/16", "\(name)=0") == "--part auto/16: \(name) is 0, but the first part's is 1; \(advice)")
        #expect(
            part("auto/16", "\(name)=17") == "--part auto/16: \(name) is 17, past the last of 16 parts; \(advice)")
        #expect(
            part("auto", "\(name)=1")
                == "--part auto: \(name) does not tell how many parts there are; give the count, such as --part auto/16"
        )
    }

    @Test func lsfGivesItsLastIndex() {
        #expect(part("auto/16", "LSB_JOBINDEX=3 LSB_JOBINDEX_END=16 LSB_JOBINDEX_STEP=1") == "3/16")
        #expect(part("auto/16", "LSB_JOBINDEX=3 LSB_JOBINDEX_END=31 LSB_JOBINDEX_STEP=2") == "2/16")
        #expect(part("auto/16", "LSB_JOBINDEX=3") == "3/16")
        #expect(
            part("auto/16", "LSB_JOBINDEX=3 LSB_JOBINDEX_END=3 LSB_JOBINDEX_STEP=1").contains(
                "the array has 3 elements, not 16"))
        #expect(
            part("auto", "LSB_JOBINDEX=3 LSB_JOBINDEX_END=3").contains(
                "LSB_JOBINDEX does not tell how many parts there are"))
    }

    @Test func kubernetesAndBatchCountFromZero() {
        #expect(part("auto/16", "JOB_COMPLETION_INDEX=0") == "1/16")
        #expect(part("auto/16", "JOB_COMPLETION_INDEX=15") == "16/16")
        #expect(
            part("auto/16", "JOB_COMPLETION_INDEX=16")
                == "--part auto/16: JOB_COMPLETION_INDEX is 16, past the last of 16 parts; submit it with completions: 16"
        )
        #expect(part("auto", "JOB_COMPLETION_INDEX=0").contains("does not tell how many parts there are"))
        let batch = "AWS_BATCH_JOB_ARRAY_INDEX=15"
        #expect(part("auto/16", batch) == "16/16")
        #expect(part("auto", batch).contains("does not tell how many parts there are"))
        #expect(part("auto", "\(batch) AWS_BATCH_JOB_ARRAY_SIZE=16") == "16/16")
        #expect(
            part("auto/8", "\(batch) AWS_BATCH_JOB_ARRAY_SIZE=16")
                == "--part auto/8: the array has 16 elements, not 8; submit it with --array-properties size=8")
    }

    @Test func enginesThatDisagreeAreNamed() {
        #expect(
            part("auto/16", "PBS_ARRAYID=3 JOB_COMPLETION_INDEX=3")
                == "--part auto/16: PBS_ARRAYID=3 and JOB_COMPLETION_INDEX=3 disagree about the part; "
                + "give the part's number, such as --part 3/16")
        #expect(part("auto/16", "PBS_ARRAY_INDEX=3 PBS_ARRAYID=3 JOB_COMPLETION_INDEX=2") == "3/16")
        #expect(
            part("auto/16", "PBS_ARRAY_INDEX=3 LSB_JOBINDEX=x").contains(
                "PBS_ARRAY_INDEX=3 and LSB_JOBINDEX=x disagree"))
        #expect(
            part("auto/16", "SLURM_ARRAY_TASK_ID=3 PBS_ARRAY_INDEX=3").contains(
                "SLURM_ARRAY_TASK_ID=3 and PBS_ARRAY_INDEX=3 disagree"))
        #expect(part("auto/16", "PBS_ARRAY_INDEX=3 SGE_TASK_ID=undefined LSB_JOBINDEX=0") == "3/16")
    }
}
