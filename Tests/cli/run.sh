#!/usr/bin/env bash
# Runs the command-line cases of poolmap, several at a time, and reports how many passed.
#
#     Tests/cli/run.sh [--poolmap PATH] [--lanes N] [--keep] [--times] [FILTER…]
#
# N cases run at a time, by default two more than there are processors: many wait for something most of the time.
#
# A FILTER is a part of a case's name, such as "options/" or "roundtrip/pipes"; without one, all cases run. --keep keeps
# the folders of failed cases; --times prints how long each case took.
#
# A case is AREA/NAME.sh. Its first comment line is a sentence that says what it shows. It sources "$CLI_LIB" (lib.sh),
# runs in a fresh folder, and finds the program as $POOLMAP and as `poolmap`. It passes if
#   - it ends in time, with the exit code in NAME.exit (0 without that file);
#   - its standard output and error match NAME.stdout and NAME.stderr, if these exist: each line must be the same, and a
#     line that begins with "~ " is an extended regular expression for the whole line;
#   - it leaves nothing behind: no process (that inherited this case's environment, in any session), no name in /dev/shm,
#     no file named .poolmap-* in its folder.
# A case that cannot run on this machine calls `skip REASON`; it is reported and counted separately.
# The cases in selftest/ fail deliberately, each in a different way; they pass if this runner's complaint matches
# NAME.complaint. So a check that no longer works is noticed.
set -euo pipefail
export LC_ALL=C
# Also hide a make that started this script.
unset TMOUT CDPATH MAKEFLAGS MFLAGS MAKELEVEL

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${POOLMAP:-$here/../../.build/release/poolmap}
case_seconds=60
lanes=$(($(nproc) + 2))
keep=no
times=no
filters=()
while (($# > 0)); do
    case $1 in
        --poolmap)
            (($# > 1)) || { echo "run.sh: --poolmap needs a path" >&2; exit 2; }
            program=$2
            shift
            ;;
        --poolmap=*) program=${1#*=} ;;
        --lanes)
            (($# > 1)) && [[ $2 =~ ^[1-9][0-9]?$ ]] || { echo "run.sh: --lanes needs a number" >&2; exit 2; }
            lanes=$2
            shift
            ;;
        --keep) keep=yes ;;
        --times) times=yes ;;
        -*) echo "run.sh: unknown option $1" >&2; exit 2 ;;
        *) filters+=("$1") ;;
    esac
    shift
done

require_tools() {
    local need tool package missing=()
    for need in zstd:zstd pzstd:zstd perl:perl-base python3:python3 make:make tar:tar setpriv:util-linux \
        unshare:util-linux setsid:util-linux taskset:util-linux script:bsdutils timeout:coreutils sha256sum:coreutils \
        diff:diffutils man:man-db col:bsdextrautils zsh:zsh fish:fish strace:strace b3sum:b3sum fsverity:fsverity \
        openssl:openssl cc:gcc bindfs:bindfs chattr:e2fsprogs losetup:mount mkfs.vfat:dosfstools \
        mkfs.exfat:exfatprogs mount.exfat-fuse:exfat-fuse bsdtar:libarchive-tools ar:binutils file:file \
        chromium:chromium sbatch:slurm-client slurmctld:slurmctld slurmd:slurmd munged:munge; do
        tool=${need%%:*} package=${need##*:}
        PATH=$PATH:/usr/sbin:/sbin command -v "$tool" > /dev/null || missing+=("$package")
    done
    if ((${#missing[@]} > 0)); then
        echo "run.sh: tools are missing; install them with: apt-get install $(printf '%s\n' "${missing[@]}" | sort -u | xargs)" >&2
        exit 2
    fi
}
require_tools
if [[ ! -f $program || ! -x $program ]]; then
    echo "run.sh: no program at $program; build it, or give --poolmap PATH" >&2
    exit 2
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/poolmap-cli.XXXXXXXX")
# Cases that drop root's privileges must still reach their folder.
chmod 755 "$root"
trap '[[ $keep == yes ]] || rm -rf "$root"' EXIT
trap 'kill "${lane_pids[@]}" 2> /dev/null; exit 130' INT TERM HUP
lane_pids=()
# A copy, which every user can run, and which does not change if the program is built again meanwhile.
mkdir "$root/bin" "$root/program"
cp "$program" "$root/program/poolmap"
chmod 755 "$root/program/poolmap"
ln -s ../program/poolmap "$root/bin/poolmap"
export POOLMAP=$root/bin/poolmap PATH=$root/bin:$PATH
for helper in refuse exits; do
    cc -O1 -Wall -Wextra -Werror -o "$root/bin/$helper" "$here/../$helper/$helper.c"
done
export CLI_LIB=$here/lib.sh CLI_FOLDER=$here
# A Python with the packages of scripts/python-tools.txt.
export CLI_PYTHON=$here/../../.build-tools/python/bin/python

# processes_of MARK: "pid name" of every process whose environment has POOLMAP_CASE=MARK; zombies have none.
processes_of() {
    local entry pid name
    grep -lzxsF "POOLMAP_CASE=$1" /proc/[0-9]*/environ 2> /dev/null | while read -r entry; do
        pid=${entry#/proc/} pid=${pid%/environ}
        read -r name < "/proc/$pid/comm" && echo "$pid $name"
    done 2> /dev/null || true
}

# complain_of_leftovers MARK FOLDER SHM_BEFORE: prints what the case has left behind, and kills its processes.
complain_of_leftovers() {
    local mark=$1 folder=$2 before=$3 try left names
    # On a busy machine a process may take a moment to end; another program's name in /dev/shm may disappear.
    for try in {1..60}; do
        left=$(processes_of "$mark")
        ((try > 20)) || names=$(comm -13 <(echo "$before") <(ls -A /dev/shm))
        [[ -n $left ]] || { ((try <= 20)) && [[ -n $names ]]; } || break
        ((try == 60)) || sleep 0.05
    done
    if [[ -n $left ]]; then
        echo "left processes: ${left//$'\n'/, }"
        awk '{ print $1 }' <<< "$left" | xargs kill -KILL 2> /dev/null || true
    fi
    [[ -z $names ]] || echo "left in /dev/shm: ${names//$'\n'/, }"
    names=$(find "$folder" -name '.poolmap-*' 2> /dev/null)
    [[ -z $names ]] || echo "left temporary files: ${names//$'\n'/, }"
}

# compare_output WHAT EXPECTED SEEN: prints a diff if the lines of SEEN do not match those of EXPECTED.
compare_output() {
    local what=$1 line seen_line index
    local -a expected seen resolved=()
    mapfile -t expected < "$2"
    mapfile -t seen < "$3"
    for index in "${!expected[@]}"; do
        line=${expected[index]}
        seen_line=${seen[index]-}
        # A matching pattern is replaced by the line that it matched, so that the diff shows only the other lines.
        if [[ $line == "~ "* && -v seen[index] && $seen_line =~ ^(${line#\~ })$ ]]; then
            line=$seen_line
        fi
        resolved+=("$line")
    done
    diff --label "expected $what" --label "$what" -u \
        <(((${#resolved[@]} == 0)) || printf '%s\n' "${resolved[@]}") \
        <(((${#seen[@]} == 0)) || printf '%s\n' "${seen[@]}") || true
}

# complaints_about SCRIPT WORK: runs a case in the folder WORK and prints what is wrong; nothing if it passes.
complaints_about() {
    local script=$1 work=$2 base=${1%.sh} before code=0 expected=0 seconds=$case_seconds
    local mark=${work##*/}-$$
    mkdir -p "$work/folder" "$work/notes"
    chmod 755 "$work" "$work/folder"
    chmod 777 "$work/notes"
    [[ ! -f $base.exit ]] || expected=$(< "$base.exit")
    [[ ! -f $base.seconds ]] || seconds=$(< "$base.seconds")
    before=$(ls -A /dev/shm)
    (
        cd "$work/folder"
        export POOLMAP_CASE=$mark CLI_NOTES=$work/notes
        exec setsid --wait timeout -k 5 "$seconds" bash "$script"
    ) < /dev/null > "$work/stdout" 2> "$work/stderr" || code=$?
    if ((code == 124 || code == 137)); then
        echo "took longer than $seconds s"
    elif ((code != expected)); then
        echo "ended with exit code $code, expected $expected"
    fi
    complain_of_leftovers "$mark" "$work/folder" "$before"
    [[ ! -f $base.stdout ]] || compare_output stdout "$base.stdout" "$work/stdout"
    [[ ! -f $base.stderr ]] || compare_output stderr "$base.stderr" "$work/stderr"
}

is_wanted() {
    local filter
    ((${#filters[@]} > 0)) || return 0
    for filter in "${filters[@]}"; do
        [[ $1 != *"$filter"* ]] || return 0
    done
    return 1
}

# run_case NAME WORK: runs a case, prints what is wrong, and fails then; the status is 3 if it was skipped.
run_case() {
    local name=$1 work=$2 complaint began wanted
    mkdir "$work"
    began=$(date +%s%N)
    complaint=$(complaints_about "$here/$name.sh" "$work")
    if [[ $complaint == "left in /dev/shm: "* ]]; then
        # Other programs use /dev/shm too: blame a case only if it happens again.
        chmod -R u+rwx "$work" && rm -rf "$work" && mkdir "$work"
        complaint=$(complaints_about "$here/$name.sh" "$work")
    fi
    [[ $times == no ]] || echo "$((($(date +%s%N) - began) / 1000000)) ms $name"
    if [[ $name == selftest/* ]]; then
        wanted=$(< "$name.complaint")
        if [[ $complaint =~ $wanted ]]; then
            complaint=
        else
            complaint="the runner should have said \"$wanted\", but said: ${complaint:-nothing}"
        fi
    fi
    if [[ -z $complaint && -s $work/notes/skipped ]]; then
        echo "skipped $name: $(< "$work/notes/skipped")"
        rm -rf "$work"
        return 3
    elif [[ -n $complaint ]]; then
        echo "FAIL $name: $(grep -m1 '^# ' "$name.sh" | cut -c3-)"
        echo "$complaint" | sed 's/^/    /'
        tail -n 12 "$work/stderr" | cut -c1-500 | sed 's/^/    stderr: /'
        [[ $keep == no ]] || { echo "    kept: $work"; return 1; }
    fi
    chmod -R u+rwx "$work" 2> /dev/null || true
    rm -rf "$work"
    [[ -z $complaint ]]
}

# run_lane: runs cases one after another, skipping those that another lane has taken. One lane takes all of selftest/,
# since the leftovers of one of these would be found by another.
run_lane() {
    local index said code own=
    for index in "${!names[@]}"; do
        if [[ ${names[index]} != selftest/* ]]; then
            mkdir "$root/taken/$index" 2> /dev/null || continue
        elif [[ -z $own ]]; then
            mkdir "$root/taken/selftest" 2> /dev/null || continue
            own=yes
        fi
        code=0
        # Printed in one piece, so that the output of lanes is not mixed.
        said=$(run_case "${names[index]}" "$root/case-$index") || code=$?
        case $code in
            0) touch "$root/passed/$index" ;;
            3) touch "$root/skipped/$index" ;;
            *) touch "$root/failed/$index" ;;
        esac
        [[ -z $said ]] || printf '%s\n' "$said"
    done
}

count_in() { find "$root/$1" -type f | wc -l; }

cd "$here"
names=()
for script in selftest/*.sh [!s]*/*.sh s[!e]*/*.sh; do
    [[ -f $script ]] && is_wanted "${script%.sh}" || continue
    names+=("${script%.sh}")
done
mkdir "$root/taken" "$root/passed" "$root/failed" "$root/skipped"
lane_pids=()
for ((lane = 0; lane < lanes; lane++)); do
    run_lane &
    lane_pids+=($!)
done
wait "${lane_pids[@]}"
passed=$(count_in passed)
skipped=$(count_in skipped)
# A case whose lane died counts as failed.
failed=$((${#names[@]} - passed - skipped))
((failed == 0)) || echo
echo "$passed passed, $failed failed$( ((skipped == 0)) || echo ", $skipped skipped")"
((failed == 0))
