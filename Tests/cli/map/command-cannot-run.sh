# A missing command is exit code 127, one that cannot be executed 126, before anything is read or written.
. "$CLI_LIB"
text 1000 > in
echo old > old
printf '#!/bin/nowhere\n' > no-interpreter
printf 'echo "I am a script: $(wc -c)"\n' > no-first-line
chmod 755 no-*
mkdir folder
for jobs in 1 2; do
    refuses 127 "cannot run no-such-command: No such file or directory" poolmap map -j $jobs --lines -f -o old in -- no-such-command
    refuses 127 "cannot run ./nowhere: No such" poolmap map -j $jobs --lines -f -o old in -- ./nowhere x
    refuses 127 "cannot run a command without a name: No such" poolmap map -j $jobs --lines in -- ''
    refuses 126 "cannot run ./in: Permission denied" poolmap map -j $jobs --lines -f -o old in -- ./in
    refuses 126 "cannot run ./folder: Permission denied" poolmap map -j $jobs --lines -f -o old in -- ./folder
    # Errors that only the start shows are failures of the chunk.
    refuses 1 "in: chunk 0 (bytes 0 to 999): cannot run ./no-interpreter: No such file" \
        poolmap map -j $jobs --lines -f -o old in -- ./no-interpreter
    # As with a shell and execvp, a script needs no first line.
    same_text "I am a script: 1000" "$(poolmap map -j $jobs --lines in -- ./no-first-line)"
    # With --shell the shell reports it.
    code=0
    poolmap map -j $jobs --lines --shell -o out in -- no-such-command 2> said || code=$?
    ((code == 1))
    grep -q '^poolmap: in: chunk 0 (bytes 0 to 999): sh exited with code 127$' said
done
same_text old "$(< old)"
# PATH is searched as by execvp: files that cannot be executed are skipped.
mkdir first second
printf '#!/bin/sh\necho first\n' > first/tool
printf '#!/bin/sh\necho second\n' > second/tool
chmod 755 second/tool
program=$(command -v poolmap)
same_text second "$(PATH=first:second:$PATH "$program" map --lines in -- tool)"
PATH=first:$PATH refuses 126 "cannot run tool: Permission denied" "$program" map --lines in -- tool
same_text 1000 "$(PATH=/usr/bin:/bin "$program" map --lines in -- wc -c)"
