import Ground

/// The scripts for sbatch: each runs one poolmap and notes its result.
///
/// They use nothing of the array but the variable with the element's index. For each part the folder of notes holds
/// `part-3.log`, with poolmap's messages, and `part-3.exit` once it has ended.
package struct JobScript {
    /// The absolute path of poolmap.
    let program: String
    /// The working folder of the poolmap that submits; all names are relative to it.
    let folder: String
    /// The folder of notes, relative to the working folder.
    let notes: String

    package init(program: String, folder: String, notes: String) {
        (self.program, self.folder, self.notes) = (program, folder, notes)
    }

    /// The script of one element.
    ///
    /// A finished part is not done again, even if its element was requeued.
    ///
    /// - Parameters:
    ///   - words: poolmap's arguments before --part.
    ///   - rest: those after it, with the file names.
    ///   - parts: the name of the part's file without `.part-3-of-16`; nil if a part writes no such file.
    package func element(_ words: [String], _ rest: [String], of count: Int, leaving parts: String?) -> [UInt8] {
        let isThere = parts.map { " && [ -e " + line([$0]) + ".part-\"$part\"-of-\(count) ]" } ?? ""
        return text(
            """
            part=$SLURM_ARRAY_TASK_ID
            note=\(line([notes]))/part-$part
            if [ -e "$note.exit" ] && read -r code rest < "$note.exit" && [ "$code" = 0 ]\(isThere); then exit 0; fi
            """, job: "$SLURM_ARRAY_JOB_ID",
            run: "\(line([program] + words)) --part \"$part/\(count)\" \(line(rest))",
            // An element that Slurm thought lost, and replaced, may finish after the job is over.
            end: parts.map { "[ -d \(line([notes])) ] || rm -f -- \(line([$0])).part-\"$part\"-of-\(count)\n" } ?? "")
    }

    /// The script that joins the parts, and removes them.
    ///
    /// - Parameters:
    ///   - words: the arguments of `join`.
    ///   - removesNotes: whether to remove the notes, because no poolmap is waiting that would do it.
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
