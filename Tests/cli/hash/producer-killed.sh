# A pipe whose producer is killed looks complete: poolmap cannot tell, but `pipefail` does.
. "$CLI_LIB"
noise 3000000 > in
head -c 1300000 in > begin
for jobs in 1 2; do
    for algorithm in blake3 sha256 s3-etag; do
        expected=$(poolmap hash --no-names -a $algorithm begin)
        same_text "$expected" "$(silently poolmap hash -j $jobs --no-names -a $algorithm < <(cat begin; kill -KILL "$BASHPID"))"
        code=0
        (cat begin; kill -KILL "$BASHPID") | poolmap hash -j $jobs --no-names -a $algorithm > digest 2> said || code=$?
        same_text 137 $code
        same_text "" "$(< said)"
        same_text "$expected" "$(< digest)"
    done
done
