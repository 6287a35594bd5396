# --engine slurm on a full disk, for the parts and for the join: each is reported, and with space the same line resumes.
. "$CLI_LIB"
. "$CLI_FOLDER/../cluster/slurm.sh"
in_own_mounts || skip "needs mounts"
mkdir disk
mount -t tmpfs -o size=4m none disk
noise 3000000 > big.tar
poolmap compress -q -k --chunk-size 256K -o one.zst big.tar
slurm_start cluster 2 1
line="poolmap compress --engine slurm --engine-retries 1 --parts 3 --chunk-size 256K -o disk/big.tar.zst big.tar"

# ---- No space for the parts.
noise 2600000 > disk/other
expect_exit 1 $line -v 2> said
grep -q '^poolmap: big.tar: part [1-3] of 3 failed on node[12] with exit code 1; see disk/big.tar.zst.engine/part-[1-3].log.*No space left on device' said
no_file disk/big.tar.zst
# ---- Space for the parts, but not for the whole.
noise 400000 > disk/other
expect_exit 1 $line 2> said
one_error_line said "big.tar: the join failed on node" "No space left on device"
same_text 3 "$(ls disk/big.tar.zst.part-?-of-3 | wc -l)"
no_file disk/big.tar.zst
# ---- With space again, the parts are not made a second time.
rm disk/other
: > disk/before
mount -o remount,size=8m disk
silently $line
same_file one.zst disk/big.tar.zst
rm disk/before
same_text big.tar.zst "$(ls -A disk)"
slurm_stop
umount disk
