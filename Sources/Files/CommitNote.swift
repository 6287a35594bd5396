import CFiles
import Ground
import Synchronization

/// A note that a worker writes just before it gives a target its name, in shared memory that outlives the worker.
///
/// If a worker is killed, another one runs its task again. By then the target may have its name, and the input may be
/// removed; without the note, the second worker would fail because the target exists. With the note, it recognizes the
/// very file under the name, and takes over the byte counts. The number that marks the note as complete is written
/// last: a worker killed before that has not given the name yet.
package struct CommitNote {
    /// The words of the memory.
    private enum Word: Int {
        case isComplete, outputDevice, outputInode, inputBytes, outputBytes, temporary
        /// The first number of the input's identity.
        case inputIdentity
    }

    package static let byteCount = 128

    /// `byteCount` bytes, initially zero, aligned to 8.
    private let memory: UnsafeMutableRawPointer
    /// The number that marks the note as complete; any other is from an earlier file.
    private let generation: UInt64

    package init?(_ memory: UnsafeMutableRawBufferPointer, _ generation: UInt64 = 1) {
        guard let base = memory.baseAddress, memory.count >= CommitNote.byteCount else { return nil }
        self.memory = base
        self.generation = generation
    }

    package func write(output: FileStatus, input: FileStatus?, inputBytes: UInt64, outputBytes: UInt64) {
        self[.outputDevice] = UInt64(output.device)
        self[.outputInode] = UInt64(output.inode)
        let numbers = input.map { FileIdentity($0).numbers } ?? []
        for (index, number) in numbers.enumerated() {
            self[.inputIdentity, index] = number
        }
        self[.inputBytes] = inputBytes
        self[.outputBytes] = outputBytes
        isComplete.pointee.store(generation, ordering: .releasing)
    }

    /// Notes that another file will get the name instead.
    func move(to output: FileStatus) {
        self[.outputDevice] = UInt64(output.device)
        self[.outputInode] = UInt64(output.inode)
    }

    /// The entry of a temporary name to be removed if the worker is killed; nil for none.
    package var temporary: Int? {
        get { self[.temporary] == 0 ? nil : Int(self[.temporary]) - 1 }
        nonmutating set { self[.temporary] = newValue.map { UInt64($0 + 1) } ?? 0 }
    }

    /// Removes the temporary name that a killed worker has left.
    package func removeTemporary() {
        guard let entry = temporary else { return }
        poolmap_remove_temporary(Int32(entry))
        temporary = nil
    }

    package func clear() {
        isComplete.pointee.store(0, ordering: .releasing)
    }

    /// How many bytes were read and written, if this is the file of the note.
    package func byteCounts(ofOutput status: FileStatus?) -> (input: UInt64, output: UInt64)? {
        guard let status, isComplete.pointee.load(ordering: .acquiring) == generation,
            self[.outputDevice] == UInt64(status.device), self[.outputInode] == UInt64(status.inode)
        else { return nil }
        return (self[.inputBytes], self[.outputBytes])
    }

    /// Whether the input is the file that the output was made from, unchanged.
    package func isOfInput(_ status: FileStatus) -> Bool {
        let numbers = FileIdentity(status).numbers
        return numbers.indices.allSatisfy { self[.inputIdentity, $0] == numbers[$0] }
    }

    /// Whether the input is the file that the output was made from, changed or not.
    package func isOfInputFile(_ status: FileStatus) -> Bool {
        self[.inputIdentity, 0] == UInt64(status.device) && self[.inputIdentity, 1] == UInt64(status.inode)
    }

    private subscript(word: Word, index: Int = 0) -> UInt64 {
        get { memory.load(fromByteOffset: 8 * (word.rawValue + index), as: UInt64.self) }
        nonmutating set { memory.storeBytes(of: newValue, toByteOffset: 8 * (word.rawValue + index), as: UInt64.self) }
    }

    private var isComplete: UnsafeMutablePointer<Atomic<UInt64>> {
        (memory + 8 * Word.isComplete.rawValue).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}
