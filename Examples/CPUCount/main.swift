// How many processors there are, and how many this program may use. `taskset -c 0 swift run CPUCount` shows the
// difference.
//
//     swift run CPUCount

import Multiprocessing

print("The machine has \(cpuCount()) processors, and this process may keep \(processCPUCount()) of them busy.")
