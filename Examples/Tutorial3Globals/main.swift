// A global variable stays in its process: the child changes its own copy, and the parent's does not change.
//
//     swift run Tutorial3Globals

import Multiprocessing

var guests = ["Ada", "Grace"]

let child = Process {
    print("child: there are \(guests.count) guests, as when I was started")
    guests.append("Barbara")
    print("child: now there are \(guests.count)")
}
try child.start()
try child.join()
print("parent: I still see \(guests.count)")
