# Helpers for the cases in map/ whose commands start programs that share cores; source this file after lib.sh.

# meets COUNT: writes `meet`, which records how many of it run at the same time, and waits until COUNT have met.
meets() {
    rm -rf counts met run-*
    cat > meet <<END2
#!/bin/bash
mkdir run-\$\$
while :; do
    set -- run-*
    echo \$# >> counts
    ((\$# < $1)) || : > met
    [[ ! -e met ]] || break
    sleep 0.01
done
# Long enough to notice one too many.
for i in 1 2 3 4 5; do
    sleep 0.01
    set -- run-*
    echo \$# >> counts
done
rmdir run-\$\$
END2
    chmod 755 meet
}

# most_at_once: the largest number that ran at a time.
most_at_once() { sort -n counts | tail -1; }

# eight_jobs: writes `jobs.mk`, with which make may run `meet` eight times.
eight_jobs() {
    cat > jobs.mk <<'END2'
jobs := 1 2 3 4 5 6 7 8
all: $(jobs)
$(jobs): ; @./meet
END2
}
