# ninja and cargo too use the cores that no command needs, and no more.
# Also with the pipe's descriptors closed, since ninja opens the pipe again.
. "$CLI_LIB"
. "$CLI_FOLDER/jobs.sh"
seq 1 9 > in
ninja=${CLI_PYTHON%/*}/ninja
[[ -x $ninja ]] || fail "missing $ninja; install it with: scripts/python-tools.sh"
{
    printf 'rule meet\n command = ./meet\n'
    for job in 1 2 3 4 5 6; do echo "build $job: meet"; done
} > build.ninja
for cores in 1 3; do
    meets $cores
    silently poolmap map -j $cores --lines in -- "$ninja" --quiet
    same_text $cores "$(most_at_once)"
done
meets 3
silently poolmap map -j 3 --lines in -- python3 -c 'import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))' "$ninja" --quiet
same_text 3 "$(most_at_once)"

command -v cargo > /dev/null || { echo "cargo is not tried: it is not installed" >&2; exit 0; }
crates=(one two three four five six)
mkdir -p all/src
{
    printf '[package]\nname = "all"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n'
    for crate in "${crates[@]}"; do echo "$crate = { path = \"../$crate\" }"; done
} > all/Cargo.toml
: > all/src/lib.rs
for crate in "${crates[@]}"; do
    mkdir -p $crate/src
    printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2021"\n' $crate > $crate/Cargo.toml
    : > $crate/src/lib.rs
done
cat > compiler <<END2
#!/bin/bash
# Meets the others for each crate except the last.
case " \$* " in
    *" --crate-name "[ot]*| *" --crate-name f"*|*" --crate-name s"*) (cd "$PWD" && ./meet) ;;
esac
exec "\$@"
END2
chmod 755 compiler
export RUSTC_WRAPPER=$PWD/compiler CARGO_HOME=$PWD/home CARGO_TERM_QUIET=true
[[ -n ${RUSTUP_HOME-} ]] || export RUSTUP_HOME=$HOME/.rustup
for cores in 1 3; do
    rm -rf target
    meets $cores
    silently poolmap map -j $cores --lines in -- cargo build --offline --manifest-path all/Cargo.toml --target-dir target
    same_text $cores "$(most_at_once)"
done
