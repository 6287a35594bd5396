# After 100 random kills of fronts, workers and managers under make -j4, no target is partial and no token is lost.
. "$CLI_LIB"
for number in {1..12}; do
    real_data $((1000000 + number * 160000)) > "$number"
    poolmap -q -6 --chunk-size 64K "$number" -c > "$number.reference"
    zstd -q -t < "$number.reference"
    zstd -q -dc "$number.reference" | cmp - "$number"
done
cat > Makefile <<'END'
%.zst: %
	+@poolmap -6 --chunk-size 64K -o $@ $<
# make 4.3 may count its tokens while the guardian of the last killed recipe returns them, so this recipe comes last.
wait:
	@until [ -e enough ]; do sleep 0.01; done
END
seed=${SEED-$RANDOM}
echo "SEED=$seed" >&2
python3 - "$seed" <<'END'
import os, random, signal, subprocess, sys, time

random.seed(int(sys.argv[1]))
files = [str(number) for number in range(1, 13)]
references = {name: open(name + ".reference", "rb").read() for name in files}
known = set(os.listdir(".")) | {"said"}

def below(pid):
    """(pid, name) of the processes below a process."""
    children, names = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                head, tail = open(f"/proc/{entry}/stat").read().rsplit(") ", 1)
            except OSError:
                continue
            fields = tail.split()
            children.setdefault(int(fields[1]), []).append(int(entry))
            if fields[0] not in "ZX":
                names[int(entry)] = head.split("(", 1)[1]
    found, queue = [], [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            queue.append(child)
            if child in names:
                found.append((child, names[child]))
    return found

def runs(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False

def wait_gone(pids):
    end = time.monotonic() + 5
    while any(runs(pid) for pid in pids):
        assert time.monotonic() < end, f"still there: {[pid for pid in pids if runs(pid)]}"
        time.sleep(0.002)

def check_targets():
    for name in os.listdir("."):
        if name.endswith(".zst"):
            try:
                content = open(name, "rb").read()
            except FileNotFoundError:
                # make removes the target of a killed recipe, even if it is complete.
                continue
            assert content == references[name[:-4]], f"{name} is not whole"
        else:
            assert name in known, f"{name} is left"

kinds = {"poolmap": "front", "pool-manager": "manager"}
killed = {"front": 0, "worker": 0, "manager": 0, "all": 0}
holding = 0
wanted_kind = ["worker"]

def kill(processes):
    global holding
    of = [(pid, kinds.get(name, "worker")) for pid, name in processes if name == "poolmap" or name.startswith("pool-")]
    if not of:
        return
    # Workers exist only for a short time, so the victim is chosen first, and then waited for.
    kind = wanted_kind[0]
    some = [item for item in of if item[1] == kind]
    if kind != "all" and not some:
        return
    wanted_kind[0] = random.choice(list(killed))
    chosen = of if kind == "all" else [random.choice(some)]
    for pid, _ in chosen:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    killed[kind] += 1
    holding += any(name == "token-guardian" for _, name in processes)
    wait_gone([pid for pid, _ in chosen])
    check_targets()

def run(goals, wanted):
    for name in os.listdir("."):
        if name.endswith(".zst") or name == "enough":
            os.remove(name)
    guardians = set()
    with open("said", "w") as said:
        make = subprocess.Popen(
            ["make", "-k", "-s", "-j4", "wait"] + [name + ".zst" for name in goals], stdout=said, stderr=said)
    try:
        while True:
            processes = below(make.pid)
            guardians |= {pid for pid, name in processes if name == "token-guardian"}
            ours = [pid for pid, name in processes if name == "poolmap" or name.startswith("pool-")]
            # Between two recipes there may be none for a moment, and a recipe may end before it is noticed: the targets
            # say whether there is another.
            said = open("said").read()
            over = all(os.path.exists(name + ".zst") or f" {name}.zst]" in said for name in goals)
            if not ours and over:
                break
            if sum(killed.values()) < wanted:
                kill(processes)
                time.sleep(random.random() * 0.04)
            else:
                time.sleep(0.005)
        wait_gone(guardians)
        open("enough", "w").close()
        assert make.wait(20) in ((0, 2) if wanted else (0,)), make.returncode
    finally:
        open("enough", "w").close()
        make.wait(20)
    said = open("said").read()
    for line in said.splitlines():
        # make reports lost tokens with "INTERNAL".
        assert line.startswith(("make: *** [", "make: *** Deleting ", "make: Target ", "poolmap: ")), line
    check_targets()

known.add("enough")
while sum(killed.values()) < 100:
    run(random.sample(files, random.choice([1, 2, 2, 3, 3, 3, 12])), 100)
print(killed, holding, file=sys.stderr)
assert min(killed.values()) >= 10, killed
assert holding >= 10, f"tokens may have been held at {holding} of 100 moments"
run(files, 0)
assert all(os.path.exists(name + ".zst") for name in files)
END
