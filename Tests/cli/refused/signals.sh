# Without signals or pidfds a run works as usual, ends soon and leaves no process.
. "$CLI_LIB"
{ text 300000 && noise 1200000; } > in
silently poolmap --chunk-size 64K -o in.zst in
for refusal in pidfd_send_signal={EPERM,ENOSYS} pidfd_open={EPERM,ENOSYS} shutdown={EPERM,ENOSYS} kill=EPERM \
    pidfd_open=ENOSYS,pidfd_send_signal=ENOSYS pidfd_send_signal=EPERM,kill=EPERM \
    pidfd_open=ENOSYS,pidfd_send_signal=ENOSYS,kill=EPERM,shutdown=EPERM; do
    run=(timeout "$soon" refuse "$refusal" -- poolmap)
    silently "${run[@]}" -f -j 2 --chunk-size 64K -o out.zst in
    same_file out.zst in.zst "$refusal"
    silently "${run[@]}" -d -f -j 2 -o out in.zst
    same_file out in "$refusal"
    silently "${run[@]}" test -j 2 in.zst
    # With other workers a run ends that still has work.
    patch out.zst 300000 1 2 3
    refuses 1 out.zst "${run[@]}" test -j 2 out.zst
done
