// A pipe brings the value back: what one end sends, the other receives.
//
//     swift run Tutorial4Pipe

import Multiprocessing

var guests = ["Ada", "Grace"]

let pipe = try Pipe()
let child = Process {
    guests.append("Barbara")
    try pipe.second.send(guests)
}
try child.start()
// Every copy of an end keeps it open: this one is for the child only.
pipe.second.close()
guests = try pipe.first.receive([String].self)
print("parent: the guests are \(guests.joined(separator: ", "))")

do {
    _ = try pipe.first.receive([String].self)
} catch {
    print("parent: \(error)")
}
try child.join()
