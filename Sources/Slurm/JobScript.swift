import Ground

/// The scripts that sbatch is given: each runs one poolmap, and notes what came of it.
///
/// What they know of the array is its elements' variable alone. The folder of notes has, for each part, `part-3.log` with
/// what poolmap said, and `part-3.exit` once it has ended.
package struct JobScript {
    /// The absolute path of poolmap.
    let program: String
    /// The working folder of the poolmap that submits, by which all names are meant.
    let folder: String
    /// The folder of the notes, as seen from there.
    let notes: String

    package init(program: String, folder: String, notes: String) {
        (self.program, self.folder, self.notes) = (program, folder, notes)
    }

    /// The script of one element.
    ///
    /// A part that is done is not done again, whoever has put its element back into the queue.
    ///
    /// - Parameters:
    ///   - words: poolmap's arguments in front of the part.
    ///   - rest: those behind it, with the names of files.
    ///   - parts: what is in front of `.part-3-of-16` in the name of the file that is left; nil where none is.
    package func element(_ words: [String], _ rest: [String], of count: Int, leaving parts: String?) -> [UInt8] {
        let isThere = parts.map { " && [ -e " + line([$0]) + ".part-\"$part\"-of-\(count) ]" } ?? ""
        return text(
            """
            part=$SLURM_ARRAY_TASK_ID
            note=\(line([notes]))/part-$part
            if [ -e "$note.exit" ] && read -r code rest < "$note.exit" && [ "$code" = 0 ]\(isThere); then exit 0; fi
            """, job: "$SLURM_ARRAY_JOB_ID",
            run: "\(line([program] + words)) --part \"$part/\(count)\" \(line(rest))",
            // What Slurm took for lost, and has had done by another, may come when all is over.
            end: parts.map { "[ -d \(line([notes])) ] || rm -f -- \(line([$0])).part-\"$part\"-of-\(count)\n" } ?? "")
    }

    /// The script that joins the parts, and removes them.
    ///
    /// - Parameters:
    ///   - words: which, and to what.
    ///   - removesNotes: whether nobody waits who would read the notes, and remove them.
    package func join(_ words: [String], removesNotes: Bool) -> [UInt8] {
        let removal = removesNotes ? "[ $code != 0 ] || rm -rf -- \(line([notes]))\n" : ""
        return text(
            "note=\(line([notes]))/join", job: "$SLURM_JOB_ID",
            run: line([program, "--join", "--rm"] + words), end: removal)
    }

    private func text(_ begin: String, job: String, run: String, end: String = "") -> [UInt8] {
        FileName.bytes(
            of: """
                #!/bin/sh
                cd \(line([folder])) || exit
                \(begin)
                true > "$note.log" || exit 1
                \(run) > "$note.log" 2>&1 < /dev/null
                code=$?
                echo "$code \(job) ${SLURMD_NODENAME:-?}" > "$note.new-$SLURM_JOB_ID" &&
                    mv -f -- "$note.new-$SLURM_JOB_ID" "$note.exit"
                \(end)exit $code

                """)
    }

    private func line(_ words: [String]) -> String {
        FileName.text(of: shellLine(words))
    }
}
