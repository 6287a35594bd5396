import CPoolmap
import Glibc
import Ground
import JobServer
import SystemPackage

/// The job server of one command: lends it idle cores, as tokens in a pipe.
///
/// Each command has a pipe of its own. So it is known what it has taken when it ends, even if it was killed and returns
/// nothing, and tokens returned too late are harmless. The table of cores (`cores.h`) keeps the account: a token is
/// written after its core has been lent to the command's place, and the core is returned when the token has been taken
/// out again or the command is gone.
///
/// Tokens that the command leaves in its pipe are taken out for others that need them: a command waiting for a core, or
/// one that has taken all its tokens.
final class CommandJobs {
    private let pipe: ClosedOnExecPipe
    private let place: UInt32
    /// The environment variables that tell make, cargo and ninja about the pipe.
    let variables: [ServedJobs.Variable]

    /// - Parameters:
    ///   - place: the place of the command, which has one core already.
    ///   - coreCount: the number of cores for all commands together.
    init(place: Int, coreCount: Int) throws(PoolmapError) {
        pipe = try ClosedOnExecPipe()
        self.place = UInt32(place)
        variables = ServedJobs.variables(
            jobs: coreCount, reader: pipe.reading.rawValue, writer: pipe.writing.rawValue,
            // For programs that do not inherit the descriptors, since a shell may have closed them.
            path: "/proc/\(getpid())/fd/\(pipe.writing.rawValue)")
        attend()
    }

    /// The descriptors that the command must inherit under the same numbers.
    var descriptors: [Int32] { [pipe.reading.rawValue, pipe.writing.rawValue] }

    /// Takes a core for the command of a slot; returns false if the run no longer needs the command.
    ///
    /// If all cores are in use because some are lent, blocks until one is returned or a command ends.
    static func takeCore(_ slot: Int) -> Bool {
        // Releases what a worker that died still had.
        poolmap_release_cores(UInt32(slot))
        while poolmap_take_core(UInt32(slot)) == 0 {
            guard poolmap_is_command_cancelled(UInt32(slot)) == 0 else { return false }
            usleep(waitMicroseconds)
        }
        return true
    }

    private static let waitMicroseconds: UInt32 = 2000

    /// How often to attend to tokens, and to check whether the run still needs the command.
    static var tickMilliseconds: Int32 { poolmap_has_spare_cores() != 0 ? 20 : 100 }

    /// Takes back cores that are needed elsewhere, and lends idle ones.
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
            // A pipe has room for more tokens than there are cores.
            _ = tokens.withUnsafeBytes { write(pipe.writing.rawValue, $0.baseAddress, count) }
        }
    }

    deinit {
        poolmap_take_back_cores(place, .max)
        try? pipe.reading.close()
        try? pipe.writing.close()
    }
}
