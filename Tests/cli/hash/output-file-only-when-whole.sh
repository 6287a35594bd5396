# While inputs are hashed the file of -o has no name in its folder, and a signal leaves the old one, or none.
. "$CLI_LIB"
mkfifo slow
mkdir folder
echo old > folder/old
for options in "-o folder/new" "-f -o folder/old"; do
    for jobs in 1 2; do
        # shellcheck disable=SC2086
        start poolmap hash -j "$jobs" $options "$CLI_LIB" slow
        exec 3> slow
        echo begun >&3
        same_text old "$(ls -A folder)"
        kill -TERM "$front"
        expect_end 143 "$front"
        exec 3>&-
        same_text old "$(ls -A folder)"
        same_text old "$(< folder/old)"
    done
done
