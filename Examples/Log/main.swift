// The library is silent unless it is given a logger; here it logs each process to standard error.
//
//     swift run Log

import Multiprocessing

let quiet = Process(name: "quiet") {}
try quiet.start()
try quiet.join()

let logger = logToStandardError(level: .debug)
logger.info("from here on")
let noticed = Process(name: "noticed") {}
try noticed.start()
try noticed.join()
