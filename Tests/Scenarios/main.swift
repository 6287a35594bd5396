import CScenarios
@preconcurrency import Glibc
import Multiprocessing

// Only a process with one thread may fork, and test runners have several. So each test starts this program, which runs
// one scenario in a process of its own:
//
//     scenarios NAME [SEED]       runs one; exits 0, or prints what failed and exits 1
//     scenarios --list [GROUP]    prints the names, one per line
//     scenarios --cpu-count       prints the library's results
//     scenarios --uncaught        fails with children; --caught does too, but catches the error, see failWithChildren
//     scenarios --race            has a data race, see raceOnPurpose
//     scenarios --recipe …        is the command of a makefile's recipe, see runRecipe
//     scenarios --chunks FILE …   prints where a file is cut, see printChunks
//
// The harness, not the scenario, checks afterwards that nothing was left behind: see Census.

registerAllScenarios()
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "--list":
    for name in Registry.names(in: arguments.dropFirst().first) {
        print(name)
    }
case "--cpu-count":
    print(processCPUCount())
case "--recipe":
    runRecipe(Array(arguments.dropFirst()))
case "--chunks":
    try printChunks(Array(arguments.dropFirst()))
case "--race":
    try raceOnPurpose()
case "--uncaught":
    try failWithChildren()
case "--caught":
    do {
        try failWithChildren()
    } catch {
        exit(1)
    }
case let name?:
    guard let scenario = Registry.find(name) else {
        print("scenarios: no scenario is called \(name)")
        exit(2)
    }
    // A new process group: its members afterwards descend from us, and a signal to it reaches no other process.
    setpgid(0, 0)
    // Descriptors that a test runner with other things to do had open.
    for number in openDescriptors().keys where number > 2 {
        close(number)
    }
    var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
    // Other scenarios, which run at the same time, make names there too.
    scenarios_use_private_memory()
    setvbuf(stdout, nil, Int32(_IOFBF), 1 << 16)
    Failures.prepare()
    let status = inTemporaryFolder { run(scenario) }
    exit(status)
case nil:
    print("usage: scenarios NAME [SEED] | --list [GROUP] | --cpu-count")
    exit(2)
}
