#!/usr/bin/env bash
# Holds the Slurm of the tests for bench.py, as long as standard input is open.
#
#     Benchmarks/cluster.sh FOLDER NODES CORES
#
# Prints the path of slurm.conf once the nodes are idle.
CLI_FOLDER=$(cd "$(dirname "${BASH_SOURCE[0]}")/../Tests/cli" && pwd)
. "$CLI_FOLDER/lib.sh"
. "$CLI_FOLDER/../cluster/slurm.sh"
slurm_start "$@"
echo "$SLURM_CONF"
cat > /dev/null
slurm_stop
