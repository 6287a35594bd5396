#!/bin/bash
# Checks the manual pages in docs/man against the command, its sources and docs/errors.md: scripts/check-manual.sh POOLMAP
#
# They must be what `make manual` would make now, cause no warning of a formatter, and describe every option and every exit
# code: what the help lists must be in the formatted text.
set -euo pipefail
export LC_ALL=C.UTF-8

poolmap=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0
complain() {
    echo "$*" >&2
    wrong=1
}

# page_of COMMAND: the page's text, without hyphenation and without marks for bold.
page_of() { MANWIDTH=120 man --no-hyphenation --no-justification -P cat -l "$work/$1.1" | col -bx; }

scripts/manual.py "$poolmap" "$work"
diff -u docs/man "$work" --exclude '*.in' >&2 || complain "docs/man is not what the command says now; type: make manual"

for page in "$work"/*.1; do
    name=${page##*/}
    said=$(MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 > /dev/null) || true
    # The pages have no date, so that they are reproducible.
    said+=$(mandoc -T lint -W warning "$page" | grep -v 'missing date') || true
    [[ -z $said ]] || complain "docs/man/$name: $said"
done

# The commands in the help, each with the name of its page.
mapfile -t commands < <("$poolmap" --help | sed -n '/^SUBCOMMANDS/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
((${#commands[@]} >= 6)) || complain "this script cannot read the commands in the help"
for command in "${commands[@]}"; do
    text=$(page_of "poolmap-$command")
    "$poolmap" "$command" --help | sed -n '/^OPTIONS/,$p' | sed -nE 's/^  (-[^ ]*( [^ ]+)*)(  .*)?$/\1/p' |
        grep -oE -- '(^|[ /])--?[A-Za-z][A-Za-z0-9-]*' | tr -d ' /' > "$work/options"
    grep -qx -e --help "$work/options" || complain "this script cannot read the options in the help of $command"
    while read -r option; do
        grep -qE -e "^ {7}(-.*, )?$option(,| |$)" <<< "$text" || complain "poolmap-$command.1 does not describe $option"
    done < "$work/options"
    grep -q "poolmap-$command(1)" <<< "$(page_of poolmap)" || complain "poolmap.1 does not mention $command"
done

# The options that take a value, which must be known to sort the arguments before parsing.
scripts/dump-help.sh > "$work/help.json"
python3 - "$work/help.json" << 'END' >&2 || complain "Sources/ArgumentSyntax does not know these options that take a value"
import json, re, sys

def read(name):
    return open(f"Sources/ArgumentSyntax/{name}.swift").read()

rules = re.findall(r"\.init\(\s*\[(.*?)\], \.(?:needed|optional|attached)", read("OptionRule"))
of_zstd = set(re.findall(r'"(--?[A-Za-z-]+)"', " ".join(rules)))

def of_gnu(text):
    long = re.search(r"takingValue: Set<String> = \[(.*?)\]", text, re.S)[1]
    letters = re.search(r"lettersTakingValue.*?\[(.*?)\]", text)[1]
    return set(re.findall(r'"(--[a-z0-9-]+)"', long)) | {f"-{letter}" for letter in letters if letter.isalpha()}

of_command = {name: of_gnu(read(f"{name.capitalize()}Syntax")) for name in ("hash", "map", "join", "report")}
dump = json.load(open(sys.argv[1]))
missing, count = set(), 0
for command in dump["command"]["subcommands"]:
    known = of_command.get(command["commandName"], of_zstd)
    for argument in command.get("arguments", []):
        if argument["kind"] == "option":
            count += 1
            names = {("--" if name["kind"] == "long" else "-") + name["name"] for name in argument["names"]}
            missing |= {f"{command['commandName']} {name}" for name in names - known}
print(*sorted(missing), sep=", ", end="\n" if missing else "")
sys.exit(bool(missing) or count < 10)
END

# An option that takes a file according to the help completes file names.
python3 - "$work/help.json" << 'END' >&2 || complain "these options need completion: .file() or .directory"
import json, sys

missing, count = [], 0

def check(command):
    global count
    for argument in command["arguments"]:
        if argument["kind"] != "flag" and argument.get("valueName") in ("file", "folder", "directory"):
            count += 1
            if not argument.get("completionKind"):
                name = argument.get("preferredName", {}).get("name") or argument["valueName"]
                missing.append(f"{command['commandName']} {name}")
    for each in command.get("subcommands", []):
        check(each)

check(json.load(open(sys.argv[1]))["command"])
print(*sorted(missing), sep=", ", end="\n" if missing else "")
sys.exit(bool(missing) or count < 10)
END

# Exit codes in the sources, the help and the table of docs/errors.md; each must have 2, for wrong usage.
codes=$(
    grep -ohE 'exit\([0-9]+\)' Sources/poolmap/*.swift | tr -dc '0-9\n'
    "$poolmap" --help | tr '\n' ' ' | grep -oE 'Exit codes: [^.]*' | grep -oE '(: |; +)[0-9]+ ' | tr -dc '0-9\n'
    sed -n 's/^| exit code \([0-9]*\) |.*/\1/p' docs/errors.md
)
(($(grep -cx 2 <<< "$codes") == 3)) || complain "this script no longer finds the exit codes in all three places"
for page in "$work"/*.1; do
    name=${page##*/}
    text=$(page_of "${name%.1}" | sed -n '/^EXIT STATUS/,/^[A-DF-Z]/p')
    for code in $(sort -u <<< "$codes"); do
        grep -qE "^ {7}$code  " <<< "$text" || complain "$name does not describe exit code $code"
    done
    # The pages that it refers to must exist.
    for link in $(page_of "${name%.1}" | grep -oE 'poolmap(-[a-z]+)*\(1\)' | sort -u); do
        [[ -f $work/${link%(1)}.1 ]] || complain "$name refers to $link, which does not exist"
    done
done
exit $wrong
