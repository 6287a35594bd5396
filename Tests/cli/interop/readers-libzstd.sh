# A program that streams through libzstd reads every file; one that decodes a single frame reads files of one chunk.
. "$CLI_LIB"
cat > stream.c <<'C'
#include <stdio.h>
#include <zstd.h>

int main(void) {
    static char input[1 << 16], output[1 << 16];
    ZSTD_DCtx *context = ZSTD_createDCtx();
    size_t length, left = 0;
    while ((length = fread(input, 1, sizeof input, stdin)) > 0) {
        ZSTD_inBuffer in = {input, length, 0};
        while (in.pos < in.size) {
            ZSTD_outBuffer out = {output, sizeof output, 0};
            left = ZSTD_decompressStream(context, &out, &in);
            if (ZSTD_isError(left)) {
                fprintf(stderr, "%s\n", ZSTD_getErrorName(left));
                return 1;
            }
            fwrite(output, 1, out.pos, stdout);
        }
    }
    ZSTD_freeDCtx(context);
    return left != 0;
}
C
cat > whole.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

// As much memory as the first frame says.
int main(void) {
    size_t room = 1 << 24, length, got;
    char *input = malloc(room), *output;
    unsigned long long size;
    length = fread(input, 1, room, stdin);
    size = ZSTD_getFrameContentSize(input, length);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return 2;
    output = malloc(size + 1);
    got = ZSTD_decompress(output, size, input, length);
    if (ZSTD_isError(got)) {
        fprintf(stderr, "%s\n", ZSTD_getErrorName(got));
        return 1;
    }
    fwrite(output, 1, got, stdout);
    return 0;
}
C
for program in stream whole; do
    # shellcheck disable=SC2046
    cc -O1 -Wall -Wextra -Werror -o "$program" "$program.c" $(pkg-config --cflags --libs libzstd)
done
real_data 900000 > in
: > empty
poolmap -q -o one.zst in
poolmap -q -o none.zst empty
poolmap -q --chunk-size 256K -o many.zst in
poolmap -q --chunk-size 256K --no-check -o unchecked.zst in
for name in one many unchecked; do
    ./stream < "$name.zst" | cmp - in
done
./stream < none.zst | cmp - empty
./whole < one.zst | cmp - in
./whole < none.zst | cmp - empty
# The first frame states the size of its own content.
expect_exit 1 ./whole < many.zst > out 2> said
grep -q 'too small' said
