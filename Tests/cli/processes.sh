# Helpers for cases that inspect processes or send them signals; part of lib.sh.
#
# The front is the process that was started; its child is pool-manager, whose children are pool-worker-N.

# start COMMAND…: starts it in the background, its pid in $front, with default signal handling: a shell's background
# jobs ignore SIGINT and SIGQUIT.
start() {
    env --default-signal "$@" <&0 &
    front=$!
}
# start_from PIPE COMMAND…, start_into PIPE COMMAND…: the same with a named pipe, which this shell opens afterwards.
start_from() {
    env --default-signal "${@:2}" < "$1" &
    front=$!
}
start_into() {
    env --default-signal "${@:2}" <&0 > "$1" &
    front=$!
}
# wait_full DESCRIPTOR: waits until the pipe that this shell reads there is full, so that its writer waits.
wait_full() {
    wait_until 20 perl -e '
        # FIONREAD: the bytes in the pipe, whose capacity is at least 64 KiB.
        open my $pipe, "<&=", $ARGV[0];
        my $count = pack "L", 0;
        ioctl $pipe, 0x541B, $count;
        exit(unpack("L", $count) >= 60000 ? 0 : 1)' "$1"
}

# tree_of PID: "depth pid name" of the processes below a process, oldest first. Zombies are left out, except parents.
tree_of() {
    perl -e '
        my (%children, %facts);
        for my $file (glob "/proc/[0-9]*/stat") {
            open my $in, "<", $file or next;
            my $line = <$in> // next;
            my ($pid, $name, $rest) = $line =~ /\A(\d+) \((.*)\) (.*)/s or next;
            my @fields = split " ", $rest;
            next if $fields[0] =~ /[ZX]/;
            push @{$children{$fields[1]}}, $pid;
            $facts{$pid} = [$name, $fields[19]];
        }
        my $show;
        $show = sub {
            my ($parent, $depth) = @_;
            for my $pid (sort { $facts{$a}[1] <=> $facts{$b}[1] || $a <=> $b } @{$children{$parent} // []}) {
                print "$depth $pid $facts{$pid}[0]\n";
                $show->($pid, $depth + 1);
            }
        };
        $show->($ARGV[0], 1);' "$1"
}
descendants_of() { tree_of "$1" | cut -d' ' -f2; }
manager_pid() { tree_of "$1" | sed -n 's/^1 \([0-9]*\) pool-manager$/\1/p'; }
# worker_pids FRONT: the pids of the workers, oldest first.
worker_pids() { tree_of "$1" | sed -n 's/^2 \([0-9]*\) pool-worker-[0-9]*$/\1/p'; }

# start_stopping FILE[,FILE…] NUMBER COMMAND…: stops each process of the command after its NUMBERth read of the files, or
# after each from there on if NUMBER ends with "+". The reads are logged in the file `trace`, with pids; $front is the
# strace, below which the command runs.
start_stopping() {
    local file files=()
    for file in ${1//,/ }; do files+=(-P "$PWD/$file"); done
    start_stopping_at read,pread64 "$2" "${files[@]}" "${@:3}"
}
# start_stopping_at CALLS NUMBER COMMAND…: the same after its NUMBERth of these system calls, on any file.
start_stopping_at() {
    : > trace
    start strace -f -qq -y -e signal=none -e trace="$1" -e inject="$1:signal=STOP:when=$2" -o trace "${@:3}"
}
# kill_stopped_workers COUNT: kills COUNT workers at each file where they stop, and lets everything else go on until the
# command has ended; `kills` is how many were killed. A worker that stops again at once may be missed. A chunk survives
# two deaths.
kill_stopped_workers() {
    local pid name file
    local -A deaths=() dead=()
    kills=0
    while is_running "$front"; do
        while read -r _ pid name; do
            [[ ! -v dead[$pid] ]] || continue
            file=$(sed -n "s/^$pid *[a-z0-9]*([0-9]*<\([^>]*\)>.*/\1/p" trace | tail -n 1)
            # Not before its first read: the signal might arrive when it has just stopped.
            [[ -n $file ]] || continue
            if [[ $name == pool-worker-* ]] && ((${deaths[$file]-0} < $1)); then
                kill -KILL "$pid" 2> /dev/null || true
                dead[$pid]=yes
                deaths[$file]=$((${deaths[$file]-0} + 1)) kills=$((kills + 1))
            else
                kill -CONT "$pid" 2> /dev/null || true
            fi
        done < <(tree_of "$front")
        sleep 0.01
    done
}
is_read() { [[ -s trace ]]; }
# kill_delayed CALL [PID]: kills the processes, except PID, that strace delays after this call, if they have done nothing
# since; at least one.
kill_delayed() {
    local worker killed=0
    wait_until 20 is_delayed "$1"
    for worker in $(sed -En "s/^([0-9]+) .*\b$1[( ].*\(DELAYED\)\$/\1/p" trace); do
        [[ $worker != "${2-}" && $(grep "^$worker " trace | tail -n 1) == *DELAYED* ]] || continue
        kill -KILL "$worker" 2> /dev/null && killed=$((killed + 1))
    done
    ((killed > 0)) || fail "no process was killed after $1"
}
is_delayed() { ! is_running "$front" || grep -Eqs " $1[( ].*DELAYED" trace; }
# find_traced: sets $tracer to the strace that was started, and $front to the poolmap below it.
find_traced() {
    tracer=$front
    wait_until 20 has_traced
}
has_traced() {
    front=$(tree_of "$tracer" | sed -n 's/^1 \([0-9]*\) poolmap$/\1/p')
    [[ -n $front ]]
}
# continue_stopped PID: continues every stopped process below a process, including ones that stop later, until it has
# ended.
continue_stopped() {
    while is_running "$1"; do
        # shellcheck disable=SC2046
        kill -CONT $(descendants_of "$1") 2> /dev/null || true
        sleep 0.01
    done
}

has_workers() { (($(worker_pids "$1" | wc -l) >= $2)); }

is_running() {
    local line
    { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
    line=${line##*) }
    [[ $line != [ZX]* ]]
}

# wait_until SECONDS COMMAND…: waits until the command succeeds.
wait_until() {
    local seconds=$1 deadline
    shift
    deadline=$(($(date +%s%N) + seconds * 1000000000))
    until "$@"; do
        (($(date +%s%N) < deadline)) || fail "not within $seconds s: $*"
        sleep 0.01
    done
}

# wait_workers FRONT COUNT: waits until the front has COUNT workers.
wait_workers() { wait_until 20 has_workers "$1" "$2"; }

has_worked() { (($(awk '{ print $14 + $15 }' "/proc/$1/stat") >= $2)); }

# wait_busy WORKER TICKS: waits until the worker has used this much processor time, in 1/100 s, so that it runs a chunk.
wait_busy() { wait_until 20 has_worked "$1" "$2"; }

are_gone() {
    local pid
    for pid in "$@"; do
        ! is_running "$pid" || return 1
    done
}

# wait_gone SECONDS PID…: waits until none of them runs.
wait_gone() {
    local seconds=$1
    shift
    wait_until "$seconds" are_gone "$@"
}

# expect_end CODE PID: the background job ends soon, with this code as the shell reports it.
expect_end() {
    local code=0
    wait_gone "$soon" "$2"
    wait "$2" || code=$?
    ((code == $1)) || fail "the exit code is $code, expected $1"
}
