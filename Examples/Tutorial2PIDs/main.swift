// The child is a separate process: parent and child print their process IDs.
//
//     swift run Tutorial2PIDs

@preconcurrency import Glibc
import Multiprocessing

func introduce(_ who: String) {
    print("\(who): I am process \(getpid()), my parent is \(getppid()).")
}

introduce("parent")
let child = Process {
    introduce("child")
    print("child: the library calls me \(Process.current.name), and my parent \(Process.parent?.name ?? "nobody").")
}
try child.start()
try child.join()
print("parent: my child was process \(child.pid ?? 0).")
