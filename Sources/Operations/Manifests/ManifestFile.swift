import Files
import Glibc
import Ground
import SystemPackage

/// An open manifest, which is read several times.
///
/// A pipe is first copied to a nameless file, as its input arrives.
final class ManifestFile {
    /// The name given by the user.
    let input: Input
    private let file: InputFile
    /// The copy of a pipe's content.
    private let copy: FileDescriptor?
    private var copiedBytes: UInt64 = 0
    private var isWhole: Bool
    private var reader: ManifestReader?

    init(_ input: Input) throws(PoolmapError) {
        self.input = input
        file = try input.open()
        isWhole = file.isRegular
        copy = file.isRegular ? nil : try ManifestFile.openNameless()
    }

    deinit {
        try? copy?.close()
    }

    private var content: (descriptor: FileDescriptor, range: Range<UInt64>) {
        if let copy { return (copy, 0..<copiedBytes) }
        return (file.descriptor, file.start..<file.start + file.byteCount)
    }

    var isStandardInput: Bool {
        if case .standardInput = input { return true }
        return false
    }

    // MARK: Sections

    enum Step {
        case section(ManifestSection)
        /// Nothing until the pipe has more input.
        case waitForInput(FileDescriptor)
        case end
    }

    /// The next section; the first is returned only after all sections have been validated.
    func next() throws(PoolmapError) -> Step {
        if !isWhole {
            guard try copyOn() else { return .waitForInput(file.descriptor) }
        }
        if reader == nil {
            try requireManifest()
            let first = ManifestReader(allLines())
            while try first.next() != nil {}
            reader = ManifestReader(allLines())
        }
        return try reader?.next().map { .section($0) } ?? .end
    }

    /// Whether the section returned last is the last one.
    var isAtEnd: Bool {
        reader?.lines.isAtEnd ?? false
    }

    private func requireManifest() throws(PoolmapError) {
        let (descriptor, range) = content
        let count = min(range.count, ManifestText.identifier.count)
        guard try descriptor.readBytes(at: range.lowerBound, count: count) == ManifestText.identifier else {
            throw PoolmapError(.damaged, "is not a manifest: it does not begin with \"poolmap manifest \"")
        }
    }

    private func allLines() -> ManifestLines {
        let (descriptor, range) = content
        return ManifestLines(descriptor, from: range.lowerBound, to: range.upperBound)
    }

    /// The lines of a section's chunks and everything after them.
    func lines(of section: ManifestSection) -> ManifestLines {
        let (descriptor, range) = content
        let start = section.chunkLines
        return ManifestLines(descriptor, from: start.offset, to: range.upperBound, number: start.number)
    }

    func requireUnchanged() throws(PoolmapError) {
        do throws(PoolmapError) {
            try file.requireUnchanged()
        } catch {
            throw changed
        }
    }

    var changed: PoolmapError {
        PoolmapError(.changed, "\(input.name) changed while it was read")
    }

    // MARK: Pipes

    /// Copies what a pipe has now; returns false if there is more to come.
    ///
    /// Does not block.
    private func copyOn() throws(PoolmapError) -> Bool {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
        defer { space.deallocate() }
        while file.hasInput() {
            let count = try file.readSome(into: space)
            if count == 0 {
                isWhole = true
                return true
            }
            let bytes = UnsafeRawBufferPointer(rebasing: space[..<count])
            try copy?.writeAll(bytes, at: copiedBytes, to: "its copy in \(ManifestFile.temporaryFolder)")
            copiedBytes += UInt64(count)
        }
        return false
    }

    private static var temporaryFolder: String {
        getenv("TMPDIR").map { FileName.text(of: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    private static func openNameless() throws(PoolmapError) -> FileDescriptor {
        let path = temporaryFolder + "/"
        func attempt<Result>(_ body: () throws(Errno) -> Result) throws(PoolmapError) -> Result {
            try Ground.attempt("is a pipe that cannot be copied to \(temporaryFolder)", body)
        }
        let folder = try attempt { () throws(Errno) in try Folder(path: path) }
        if let file = try? folder.openNameless(0o600) { return file }
        // Not every file system supports nameless files.
        let temporary = try TemporaryName(in: folder, for: path, nil)
        defer { temporary.remove() }
        return try attempt { () throws(Errno) in
            let file = try folder.open(temporary.name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600)
            temporary.isMade()
            return file
        }
    }
}

/// Whether an input is a manifest, by its first bytes.
///
/// False for anything but a readable regular file, since the bytes of other inputs can be read only once. Consumes
/// nothing of the input. Blocks.
package func isManifest(_ input: Input) -> Bool {
    // Opening a named pipe and closing it again would end its writer.
    if case .file(let path) = input, FileStatus(ofPath: path)?.isRegular != true { return false }
    guard let file = try? input.open(), file.isRegular else { return false }
    let identifier = ManifestText.identifier
    let bytes = try? file.readBytes(at: 0, count: min(Int(file.byteCount), identifier.count))
    return bytes == identifier
}
