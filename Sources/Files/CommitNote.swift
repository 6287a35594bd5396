import CFiles
import Ground
import Synchronization

/// What a worker notes of a target just before it gives it its name, in shared memory that outlives the worker.
///
/// A task whose worker is killed is run again by another. By then the target may have its name, and the input may be
/// gone; without the note the second worker would complain of a target that exists. With it, it finds the very file
/// under the name, and takes over the numbers. The number that says that the note is complete is written last: a
/// worker that is killed before has not given the name yet.
package struct CommitNote {
    /// The words of the memory.
    private enum Word: Int {
        case isComplete, outputDevice, outputInode, inputBytes, outputBytes, temporary
        /// The first of the numbers that the input's identity has.
        case inputIdentity
    }

    package static let byteCount = 128

    /// `byteCount` bytes that are zero at first, aligned to 8.
    private let memory: UnsafeMutableRawPointer
    /// What the number is that says that the note is complete: any other is that of an older file.
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

    /// The output is another file now, which will get its name.
    func move(to output: FileStatus) {
        self[.outputDevice] = UInt64(output.device)
        self[.outputInode] = UInt64(output.inode)
    }

    /// The entry of the name that is to be removed if the worker is killed; nil for none.
    package var temporary: Int? {
        get { self[.temporary] == 0 ? nil : Int(self[.temporary]) - 1 }
        nonmutating set { self[.temporary] = newValue.map { UInt64($0 + 1) } ?? 0 }
    }

    /// Removes what a worker has left that was killed.
    package func removeTemporary() {
        guard let entry = temporary else { return }
        poolmap_remove_temporary(Int32(entry))
        temporary = nil
    }

    package func clear() {
        isComplete.pointee.store(0, ordering: .releasing)
    }

    /// How much was read and written, if this is the file of the note.
    package func byteCounts(ofOutput status: FileStatus?) -> (input: UInt64, output: UInt64)? {
        guard let status, isComplete.pointee.load(ordering: .acquiring) == generation,
            self[.outputDevice] == UInt64(status.device), self[.outputInode] == UInt64(status.inode)
        else { return nil }
        return (self[.inputBytes], self[.outputBytes])
    }

    /// Whether the input is still the one that the output was made of.
    package func isOfInput(_ status: FileStatus) -> Bool {
        let numbers = FileIdentity(status).numbers
        return numbers.indices.allSatisfy { self[.inputIdentity, $0] == numbers[$0] }
    }

    /// The same whether or not it has been changed since.
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
