# Ctrl-C reaches all processes of the group at once: it ends as quietly as after a signal to the front alone.
. "$CLI_LIB"
real_data 20000000 > in
mkfifo source
for signal in "INT 2" "TERM 15" "HUP 1"; do
    read -r name number <<< "$signal"
    for input in file pipe; do
        # In its own process group, so that the signal does not reach this case.
        if [[ $input == file ]]; then
            env --default-signal setsid poolmap compress -19 -j 2 --chunk-size 256K -o out in 2> said &
        else
            env --default-signal setsid poolmap compress -j 2 --chunk-size 64K -o out < source 2> said &
        fi
        front=$!
        if [[ $input == pipe ]]; then
            exec 3> source
            part in 0 3000000 >&3
        fi
        wait_workers "$front" 2
        # shellcheck disable=SC2207
        everyone=($(descendants_of "$front"))
        kill -"$name" -- "-$front"
        expect_end $((128 + number)) "$front" 2> /dev/null
        wait_gone "$soon" "${everyone[@]}"
        same_text "" "$(< said)"
        exec 3>&-
        only_files in source said
    done
done
