import CPoolmap
import Glibc
import Ground
import JobServer
import SystemPackage

/// The job server of one command: lends it cores that no other command needs, as tokens in a pipe.
///
/// Each command has a pipe of its own. So what it has taken is known when it has ended, also where it was killed and gives
/// nothing back, and what it gives back too late goes nowhere. The table of cores (`cores.h`) keeps the account: a token is
/// written once its core is lent to the command's place, and the core is given back when the token was taken out again, or
/// the command is no more.
///
/// A token that the command leaves in its pipe is taken out for whoever has more use for it: a command that waits for a
/// core, and one that has taken all its tokens.
final class CommandJobs {
    private let pipe: ClosedOnExecPipe
    private let place: UInt32
    /// For the environment: what tells make, cargo and ninja of the pipe.
    let variables: [ServedJobs.Variable]

    /// - Parameters:
    ///   - place: of the command, which has a core for itself.
    ///   - coreCount: of all commands together.
    init(place: Int, coreCount: Int) throws(PoolmapError) {
        pipe = try ClosedOnExecPipe()
        self.place = UInt32(place)
        variables = ServedJobs.variables(
            jobs: coreCount, reader: pipe.reading.rawValue, writer: pipe.writing.rawValue,
            // Of whoever finds no such descriptors, as a shell may have closed them.
            path: "/proc/\(getpid())/fd/\(pipe.writing.rawValue)")
        attend()
    }

    /// What the command is to have under these numbers.
    var descriptors: [Int32] { [pipe.reading.rawValue, pipe.writing.rawValue] }

    /// Takes a core for the command of a slot; false where the run needs the command no more.
    ///
    /// Blocks where all are in use, since some are lent: until one of them is given back, or a command has ended.
    static func takeCore(_ slot: Int) -> Bool {
        // What a worker had that has died.
        poolmap_release_cores(UInt32(slot))
        while poolmap_take_core(UInt32(slot)) == 0 {
            guard poolmap_is_command_cancelled(UInt32(slot)) == 0 else { return false }
            usleep(waitMicroseconds)
        }
        return true
    }

    private static let waitMicroseconds: UInt32 = 2000

    /// So often tokens are looked after, and whether the run still needs the command.
    static var tickMilliseconds: Int32 { poolmap_has_spare_cores() != 0 ? 20 : 100 }

    /// Takes back what is needed elsewhere, and lends what is free.
    ///
    /// Does not block.
    func attend() {
        let left = poolmap_bytes_in_pipe(pipe.reading.rawValue)
        poolmap_note_hunger(place, left == 0 ? 1 : 0)
        if left > 0, poolmap_is_core_wanted(place) != 0 {
            poolmap_take_back_cores(place, poolmap_take_from_pipe(pipe.reading.rawValue, left))
        } else {
            let count = Int(poolmap_lend_cores(place))
            let tokens = [UInt8](repeating: UInt8(ascii: "+"), count: count)
            // A pipe has room for more than there are cores.
            _ = tokens.withUnsafeBytes { write(pipe.writing.rawValue, $0.baseAddress, count) }
        }
    }

    deinit {
        poolmap_take_back_cores(place, .max)
        try? pipe.reading.close()
        try? pipe.writing.close()
    }
}
