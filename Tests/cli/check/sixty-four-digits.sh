# A digest of 64 digits may be BLAKE3 or SHA-256: small files and large ones, in any mix, pass if either matches.
. "$CLI_LIB"
. "$CLI_FOLDER/checks.sh"
for number in {1..12}; do
    noise $((number * 10000)) $number > small-$number
    noise $((number * 350000)) $number > large-$number
done
{
    b3sum small-{1..3} large-{1..3}
    sha256sum small-{4..6} large-{4..6}
    for number in {7..12}; do
        b3sum small-$number large-$number
        sha256sum small-$number large-$number
    done
} > mixed
for jobs in 1 2 3; do
    silently poolmap hash -j $jobs -c mixed > said
    sed -E 's/^[0-9a-f]+  (.*)/\1: OK/' mixed | cmp - said
done
# Changed files match neither.
for number in {1..12}; do
    patch small-$number 999 0 1 2 3
    patch large-$number 299999 0 1 2 3
done
for jobs in 1 3; do
    expect_exit 1 poolmap hash -j $jobs -c mixed > said 2> messages
    sed -E 's/^[0-9a-f]+  (.*)/\1: FAILED/' mixed | cmp - said
    same_text "poolmap: WARNING: 36 computed checksums did NOT match" "$(< messages)"
done
# If the algorithm is given, the others do not match.
sha256sum small-* large-* > right
b3sum small-* large-* > other
silently poolmap hash -a sha256 -c --quiet right > said
expect_exit 1 poolmap hash -a sha256 -c --quiet other > said 2> /dev/null
(($(grep -c ': FAILED$' said) == 24))
expect_exit 1 poolmap hash -a blake3 -c --quiet right > said 2> /dev/null
(($(grep -c ': FAILED$' said) == 24))
# A pipe can be read only once, so both are computed together.
for tool in sha256sum b3sum; do
    $tool < large-9 > list
    [[ $(< list) == *- ]] || sed 's/$/  -/' -i list
    for jobs in 1 2; do
        cat large-9 | silently poolmap hash -j $jobs -c list > said
        same_text "-: OK" "$(< said)"
        silently poolmap hash -j $jobs -c list < large-9 > said
        cat large-8 | expect_exit 1 poolmap hash -j $jobs -c list > said 2> /dev/null
        same_text "-: FAILED" "$(< said)"
    done
done
# The report has each file once, with the bytes read, or the error.
expect_exit 1 poolmap hash -j 2 -c --json --report report right mixed > said 2> messages
python3 - <<'END'
import json
files = json.load(open("report"))["files"]
lines = [line.split("  ")[1].rstrip() for list in ["right", "mixed"] for line in open(list)]
assert [file["input"] for file in files] == lines
assert [file["status"] for file in files] == ["done"] * 24 + ["failed"] * 36
assert files[14]["inputBytes"] == 350000 * 11, files[14]
assert all(file["error"]["code"] == "mismatch" for file in files[24:]), files[24]
messages = [json.loads(line) for line in open("messages")]
assert [message.get("file") for message in messages] == lines[24:] + [None]
assert all(message["error"] == "mismatch" for message in messages[:-1])
assert messages[-1]["warning"] and "36 computed checksums" in messages[-1]["message"]
END
