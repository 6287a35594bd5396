# A refused system call does not affect a check of digests, or is an error; a bad file is never reported as OK.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
mkdir tree
for number in {10..49}; do
    text $((number * 700)) > tree/$number
done
noise 1500000 > tree/large
(cd tree && poolmap hash -r . > ../digests)
most_lines=50
sound() { (cd ../../tree && "${run[@]}" hash --check -j 2 ../digests) > out; }
sound_is_right() { (($(grep -c ": OK$" out || true) == 41)); }
sound_is_undone() { (($(grep -c ": OK$" out || true) <= 41)); }
refused_runs sound
sed -i '7s/^..../0000/; 40s/^..../0000/' digests
(cd tree && expect_exit 1 poolmap hash --check ../digests) > wanted 2> /dev/null
wrong() { (cd ../../tree && "${run[@]}" hash --check -j 2 ../digests) > out; }
wrong_is_right() { false; }
wrong_is_undone() { [[ -z $(comm -23 <(grep ': OK$' out | sort) <(sort ../../wanted)) ]]; }
refused_runs wrong first
