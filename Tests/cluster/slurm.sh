# A real Slurm on this machine, for the cases in cluster/, which source this file after lib.sh.
#
# slurmctld, a slurmd for each node and munged run in the foreground below the case, which knows their pids; they listen
# on loopback only, at free ports, and keep all their files in one folder. So any number of clusters can run at the same
# time, also beside a Slurm that the machine belongs to, and as any user. The nodes are node1, node2, …
#
#     . "$CLI_LIB"
#     . "$CLI_FOLDER/../cluster/slurm.sh"
#     slurm_start cluster 2 1
#     …
#     slurm_stop
#
# Starting takes about a second, an element of an array about a third of one. Slurm has no accounting here, so `sacct`
# knows nothing; `scontrol show job` and `squeue -t all` do until MinJobAge after the end of a job, 300 s.

# The folder of the cluster, and the pids of its daemons by name: munged, slurmctld, node1, …
slurm_folder=
declare -A slurm_daemons=()

# ---- Start and stop

# slurm_start FOLDER NODES CORES [LINE…]: starts a cluster of NODES nodes with CORES cores each, whatever this machine
# has, and waits until all are idle. Exports SLURM_CONF, by which Slurm's commands find it. Each LINE is added to
# slurm.conf, before the lines of slurm_settings, and overrides them.
slurm_start() {
    local try
    slurm_folder=$(realpath -m "$1")
    # Variables that would affect the commands if the tests themselves run in a job.
    unset "${!SLURM_@}" "${!SBATCH_@}" "${!SQUEUE_@}" "${!SCANCEL_@}" "${!SCONTROL_@}" "${!SINFO_@}"
    export SLURM_CONF=$slurm_folder/slurm.conf
    # Debian puts the daemons in a folder that is only in root's PATH.
    PATH=$PATH:/usr/sbin:/sbin
    trap slurm_end EXIT
    # A free port may be taken before the daemon listens on it.
    for try in 1 2 3; do
        slurm_lay_out "${@:2}"
        ! slurm_start_all "$2" || return 0
        slurm_end
    done
    fail "Slurm does not start: $(tail -n 3 "$slurm_folder"/*.log)"
}

# slurm_stop [SECONDS]: stops the cluster, in which soon no job and no process of one may be left.
slurm_stop() {
    local left
    (wait_until "${1-20}" slurm_has_no_jobs 2> /dev/null) || {
        left=$(squeue -h -r -o '%i %T')
        fail "there are jobs still: ${left//$'\n'/, }"
    }
    # shellcheck disable=SC2046
    (wait_until "${1-20}" slurm_has_no_processes 2> /dev/null) ||
        fail "processes of jobs are left: $(ps -o pid=,args= -p $(slurm_processes | xargs))"
    slurm_end
    trap - EXIT
}

# slurm_end: kills everything of the cluster at once.
slurm_end() {
    local name
    # First the daemons that start others.
    for name in slurmctld "${!slurm_daemons[@]}"; do
        [[ ! -v slurm_daemons[$name] ]] || slurm_kill_daemon "$name"
    done
    slurm_kill_processes
}

slurm_has_no_jobs() {
    local left
    left=$(squeue -h) && [[ -z $left ]]
}

# ---- Faults

# slurm_kill_daemon NAME: kill -9 of a node's slurmd, or of slurmctld. Jobs continue: each has its own slurmstepd.
slurm_kill_daemon() {
    kill -KILL "${slurm_daemons[$1]}" 2> /dev/null || true
    # Hides the shell's message about it.
    wait "${slurm_daemons[$1]}" 2> /dev/null || true
    unset "slurm_daemons[$1]"
}

# slurm_kill_node NODE: kills everything on a node at once, like a power failure.
slurm_kill_node() {
    slurm_kill_daemon "$1"
    slurm_kill_processes "$1"
}

# slurm_node_is_down NODE: tells Slurm what it would notice after SlurmdTimeout: it requeues the node's jobs, which
# start again after six seconds. slurm_start_node brings the node back into service.
slurm_node_is_down() { scontrol update "nodename=$1" state=down reason=lost; }

# slurm_start_node NODE: starts the slurmd of a node, for the first time or again.
slurm_start_node() { slurm_start_daemon "$1" slurmd -D -N "$1" -f "$slurm_folder/$1/slurm.conf"; }

# slurm_start_controller: starts slurmctld, for the first time or again. It resumes the jobs in its saved state, which
# it saves some seconds after they are submitted.
slurm_start_controller() { slurm_start_daemon slurmctld slurmctld -D -f "$SLURM_CONF"; }

# ---- Jobs

# slurm_processes [NODE]: pids of the processes of jobs, on any node or on that one: the slurmstepds, and the processes
# of the jobs, in any session.
slurm_processes() {
    local entry pid
    # A slurmd has its own name for slurm.conf, and passes it to all its children.
    grep -lzxsE "SLURM_CONF=$slurm_folder/${1-node[0-9]+}/slurm.conf" /proc/[0-9]*/environ | while read -r entry; do
        pid=${entry#/proc/} pid=${pid%/environ}
        [[ " ${slurm_daemons[*]} " == *" $pid "* ]] || echo "$pid"
    done || true
}
slurm_has_no_processes() { [[ -z $(slurm_processes "$@") ]]; }

# slurm_kill_processes [NODE]: kills them, until no new ones appear.
slurm_kill_processes() {
    local pids
    while pids=$(slurm_processes "$@") && [[ -n $pids ]]; do
        # shellcheck disable=SC2086
        kill -KILL $pids 2> /dev/null || true
        sleep 0.02
    done
}

# slurm_has_states JOB STATE…: the elements of a job in the queue, or the job itself, are in these states, in the order
# of their numbers. Without a STATE: the queue no longer shows it.
slurm_has_states() {
    local states
    if ! states=$(squeue -h -r -j "$1" -o '%K %T' 2>&1); then
        # This is the message for a job that it has forgotten. Anything else, such as no answer, says nothing about the
        # job.
        [[ $states == *"Invalid job id"* ]] || return 1
        states=
    fi
    [[ $(sort -n <<< "$states" | cut -d' ' -f2 | xargs) == "${*:2}" ]]
}

# slurm_facts JOB FIELD: what `scontrol` says about a FIELD, such as Restarts, one line for each element, in the order
# of the numbers in the array.
slurm_facts() {
    scontrol -o show job "$1" | perl -ne '
        BEGIN { $field = shift }
        my ($element) = /\bArrayTaskId=(\d+)/;
        /(?<!\S)\Q$field\E=(\S*)/ and push @facts, [$element // 0, $1];
        END { print "$_->[1]\n" for sort { $a->[0] <=> $b->[0] } @facts }' "$2"
}

# slurm_runs_part JOB ELEMENT [NODE]: the element has a poolmap with workers, whose pid goes into $front.
slurm_runs_part() {
    local pid
    front=
    for pid in $(slurm_processes "${@:3}"); do
        if grep -qzxs "SLURM_ARRAY_JOB_ID=$1" "/proc/$pid/environ" &&
            grep -qzxs "SLURM_ARRAY_TASK_ID=$2" "/proc/$pid/environ" && has_workers "$pid" 1; then
            front=$pid
        fi
    done
    [[ -n $front ]]
}

# ---- Implementation

# slurm_settings NODES CORES PORT…: prints slurm.conf.
slurm_settings() {
    local nodes=$1 cores=$2 number
    shift 2
    cat << SETTINGS
ClusterName=poolmap
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$1
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
CredType=cred/munge
# Five seconds is the minimum, and requeued jobs start after it.
AuthInfo=socket=$slurm_folder/munge.socket,cred_expire=5
StateSaveLocation=$slurm_folder/state
SlurmctldPidFile=$slurm_folder/slurmctld.pid
SlurmdPidFile=$slurm_folder/%n/slurmd.pid
SlurmdSpoolDir=$slurm_folder/%n
# Nothing of the machine: no cgroups, no limits, no accounting, no mail.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MailProg=/bin/true
# The cores of a node are those configured here.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
ReturnToService=2
JobRequeue=1
KillWait=2
MessageTimeout=5
# A node that is slow because the machine is busy does not count as lost; slurm_node_is_down says when one is.
BatchStartTimeout=60
SlurmdTimeout=60
MaxArraySize=1001
SETTINGS
    shift
    for ((number = 1; number <= nodes; number++)); do
        echo "NodeName=node$number NodeHostname=localhost NodeAddr=127.0.0.1 Port=${!number} CPUs=$cores"
    done
    echo "PartitionName=main Nodes=node[1-$nodes] Default=YES"
}

# slurm_lay_out NODES CORES [LINE…]: makes the folder again, with everything that the daemons expect in it.
slurm_lay_out() {
    local nodes=$1 cores=$2 number line
    shift 2
    rm -rf "$slurm_folder"
    mkdir -p "$slurm_folder/state"
    chmod 755 "$slurm_folder"
    for ((number = 1; number <= nodes; number++)); do
        mkdir "$slurm_folder/node$number"
        ln -s ../slurm.conf "$slurm_folder/node$number/slurm.conf"
    done
    (umask 077 && head -c 128 /dev/urandom > "$slurm_folder/munge.key")
    # shellcheck disable=SC2046
    slurm_settings "$nodes" "$cores" $(free_ports $((nodes + 1))) > "$SLURM_CONF"
    for line in "$@"; do
        sed -i "/^${line%%=*}=/d" "$SLURM_CONF"
    done
    [[ $# == 0 ]] || printf '%s\n' "$@" >> "$SLURM_CONF"
}

# free_ports COUNT: prints free ports on loopback, outside the range that the kernel assigns.
free_ports() {
    perl -MSocket -e '
        my @held;
        while (@held < $ARGV[0]) {
            my $port = 10000 + int rand 20000;
            socket my $held, PF_INET, SOCK_STREAM, 0 or die $!;
            bind $held, sockaddr_in($port, INADDR_LOOPBACK) or next;
            push @held, $held;
            print "$port\n";
        }' "$1"
}

# slurm_start_daemon NAME COMMAND…: in the background, below this shell, with its output in NAME.log.
slurm_start_daemon() {
    # A background command of a script ignores SIGINT and SIGQUIT, and so would the jobs.
    env --default-signal "${@:2}" < /dev/null >> "$slurm_folder/$1.log" 2>&1 &
    slurm_daemons[$1]=$!
}

# slurm_start_all NODES: starts the daemons, and waits until all nodes are idle; fails if a daemon ends.
slurm_start_all() {
    local number
    slurm_start_daemon munged munged -F --socket "$slurm_folder/munge.socket" --key-file "$slurm_folder/munge.key" \
        --pid-file "$slurm_folder/munged.pid" --log-file "$slurm_folder/munged.log" \
        --seed-file "$slurm_folder/munge.seed"
    slurm_comes_to test -S "$slurm_folder/munge.socket" || return
    slurm_start_controller
    for ((number = 1; number <= $1; number++)); do slurm_start_node "node$number"; done
    slurm_comes_to slurm_has_idle "$1"
}

# slurm_comes_to COMMAND…: waits until the command succeeds; fails if a daemon ends, or after 30 s.
slurm_comes_to() {
    local name deadline=$((SECONDS + 30))
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        for name in "${!slurm_daemons[@]}"; do
            is_running "${slurm_daemons[$name]}" || return 1
        done
        sleep 0.02
    done
}

# slurm_has_idle NODES: NODES nodes are idle, and no others exist.
slurm_has_idle() { [[ $(sinfo -h -N -o %t 2> /dev/null | uniq -c | xargs) == "$1 idle" ]]; }
