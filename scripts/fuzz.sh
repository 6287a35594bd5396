#!/bin/bash
# Usage: scripts/fuzz.sh [--keep] SECONDS [TARGET]…
#
# Runs all fuzz targets, or the given ones, for SECONDS each, two at a time, from the corpus in Tests/Fuzz/corpus. A target
# fails if it finds a bug, or if it reaches fewer edges of the code than it requires, since it would then test nothing.
# Findings stay in .build-fuzz/crashes; with --keep, inputs that reached new code stay in .build-fuzz/corpus, and the next
# run continues from them. SEED=N repeats a run as far as timing allows.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=
[[ ${1-} == --keep ]] && keep=1 && shift
limit=${1:?the seconds for each target}
shift
seed=${SEED:-$((RANDOM * 32768 + RANDOM + 1))}

folder=.build-fuzz
fuzz=$folder/release/fuzz
mkdir -p $folder
if ! POOLMAP_FUZZ=1 "${SWIFT:-swift}" build --configuration release --scratch-path $folder --product fuzz \
    > $folder/build.log 2>&1; then
    cat $folder/build.log >&2
    exit 1
fi

declare -A edges bytes
names=()
while read -r name least most; do
    names+=("$name")
    edges[$name]=$least bytes[$name]=$most
done < <("$fuzz" --list)
for name in "$@"; do
    [[ -n ${edges[$name]-} ]] || { echo "fuzz: no target $name; the targets are: ${names[*]}" >&2; exit 1; }
done
(($# > 0)) && names=("$@")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p $folder/crashes
# The sanitizer's crash report replaces Swift's; a small quarantine of freed memory keeps the process small.
export TMPDIR=$scratch SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=quarantine_size_mb=16

# Fuzzes one target, and prints a line with the result.
run() {
    local name=$1 log=$scratch/$1.log found=$scratch/$1 status=0 reached
    [[ -n $keep ]] && found=$folder/corpus/$name
    mkdir -p "$found"
    "$fuzz" "$name" -max_total_time="$limit" -seed="$seed" -max_len="${bytes[$name]}" -timeout=10 \
        -rss_limit_mb=1024 -malloc_limit_mb=256 -artifact_prefix="$folder/crashes/$name-" \
        "$found" "Tests/Fuzz/corpus/$name" > "$log" 2>&1 || status=$?
    reached=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    if ((status != 0)); then
        local file
        file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
        grep -E 'Fatal error|ERROR|SUMMARY|^ALARM' "$log" >&2 || tail -20 "$log" >&2
        echo "fuzz: $name: failed (seed $seed); the input is kept. To repeat it: $fuzz $name ${file:-}" >&2
        return 1
    fi
    if ((${reached:-0} < edges[$name])); then
        echo "fuzz: $name: reaches only ${reached:-0} edges of the code, and must reach ${edges[$name]}" >&2
        return 1
    fi
    echo "$name: $(sed -n 's/^#\([0-9]*\).*DONE.*/\1/p' "$log") inputs, $reached edges"
}

echo "fuzz: ${#names[@]} targets, $limit seconds each, seed $seed"
failed=0
running=0
for name in "${names[@]}"; do
    if ((running == 2)); then
        wait -n || failed=1
        running=$((running - 1))
    fi
    run "$name" &
    running=$((running + 1))
done
while ((running > 0)); do
    wait -n || failed=1
    running=$((running - 1))
done
exit $failed
