# One bad file among good ones is reported, the others are processed, and the exit code is 1.
. "$CLI_LIB"
mkdir good
for number in {1..40}; do noise $((number * 5000)) $number > "good/$number"; done
# The first is a folder, which even root cannot read. The target of the second is a folder, so it cannot be written.
mkdir folder good/7.zst
poolmap compress -j 2 --chunk-size 64K good/{1..20} folder none good/{21..40} 2> said && fail "it should have failed"
sed 's/^poolmap: //; s/: .*//' said | diff <(printf '%s\n' good/7 folder none) -
rmdir good/7.zst
poolmap compress --chunk-size 64K good/7
silently poolmap test -j 2 good/*.zst
# A damaged one, a truncated one and one of another kind; small ones, which a worker processes whole, and ones of
# several chunks.
patch good/3.zst 9000 1 2 3
head -c 150000 good/33.zst > cut && mv cut good/33.zst
cp good/5 good/5.zst
code=0
poolmap test -j 2 good/{1..40}.zst 2> said || code=$?
((code == 1))
sed 's/^poolmap: //; s/: .*//' said | diff <(printf '%s\n' good/{3,5,33}.zst) -
mkdir out
code=0
poolmap decompress -j 2 --rm --output-dir out good/{1..40}.zst 2> said || code=$?
((code == 1))
sed 's/^poolmap: //; s/: .*//' said | diff <(printf '%s\n' good/{3,5,33}.zst) -
# The inputs of failed files stay, and their targets do not exist.
same_text "$(printf 'good/%s.zst\n' 3 33 5)" "$(find good -name '*.zst' | sort)"
no_file out/{3,5,33}
for number in {1..40}; do
    case $number in 3 | 5 | 33) continue ;; esac
    same_file good/$number out/$number
done
