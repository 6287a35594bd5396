import Glibc
import Ground
import SystemPackage

/// All files that a run reads and writes, to make sure that no file is overwritten while it is read, or written twice.
///
/// Two names are the same place if they have the same last name in the same folder, however its path is spelled, or if
/// they lead to the same existing file. Files that are not regular, such as `/dev/null` or a pipe, never collide.
///
/// The few files that options name are kept with their names. Of inputs and targets, which may be many, only a hash of
/// 16 bytes each is kept.
package final class RunPlaces {
    /// A file that an option names or implies.
    private struct Named {
        /// The option, for messages: "--report".
        let option: String
        let path: String
        let isWritten: Bool
        /// nil for an open descriptor, which has no name here.
        package var name: PlaceMark?
        /// The file that existed; nil for none.
        let file: FileNumber?
        /// Its folder; nil while that does not exist.
        var folder: FileNumber?
        /// Whether it turned out to be an input, too.
        var isInput = false
    }

    private var named: [Named] = []
    /// Whether an option writes a file, and whether that file existed before.
    private var isWriting = false
    private var hasWrittenFile = false
    private let tracksFiles: Bool
    private var places = PlaceTable()
    /// Keyed by the bytes of the paths: Swift considers strings equal that differ only in the encoding of an accent.
    private var folders: [[UInt8]: FileNumber] = [:]
    private static let mostFolders = 256

    /// An empty set of places.
    ///
    /// - Parameter replacesTargets: whether targets may replace existing files.
    package init(replacesTargets: Bool = false) {
        tracksFiles = replacesTargets
    }

    /// Whether no option names a file, so that only inputs and targets can collide.
    package var isEmpty: Bool { named.isEmpty }

    // MARK: Files of options

    /// Records a file that the run will write; throws if another option names it, too.
    ///
    /// - Parameter option: the option that names the file, for messages.
    package func add(written path: String, by option: String) throws(PoolmapError) {
        try add(path, option, isWritten: true)
    }

    /// Records a file that the run reads in addition to its inputs, such as a list; throws if an option writes it.
    ///
    /// - Parameter option: the option that names the file, for messages.
    package func add(read path: String, by option: String) throws(PoolmapError) {
        try add(path, option, isWritten: false)
    }

    /// Records that an open descriptor is written, such as standard output, which may be a file.
    package func add(descriptor number: Int32) {
        guard let status = try? FileStatus(of: FileDescriptor(rawValue: number)), status.isRegular else { return }
        isWriting = true
        hasWrittenFile = true
        named.append(
            Named(
                option: number == STDOUT_FILENO ? "standard output" : "descriptor \(number)", path: "", isWritten: true,
                name: nil, file: FileNumber(status), folder: nil))
    }

    private func add(_ path: String, _ option: String, isWritten: Bool) throws(PoolmapError) {
        let status = FileStatus(ofPath: path)
        if let status, !status.isRegular { return }
        let one = Named(
            option: option, path: path, isWritten: isWritten, name: place(of: path),
            file: status.map { FileNumber($0) }, folder: folder(folderOf(path)))
        let other = named.first { ($0.isWritten || isWritten) && isOne($0, one.name, one.file) }
        if let other {
            let name = other.name == nil ? other.option : "\(other.option) \(other.path)"
            throw PoolmapError(.failed, "\(name) and \(option) \(path) are the same file; nothing was done")
        }
        isWriting = isWriting || isWritten
        hasWrittenFile = hasWrittenFile || (isWritten && one.file != nil)
        named.append(one)
    }

    /// Looks again for folders that did not exist, and may have been created since.
    private func findFolders() {
        for index in named.indices where named[index].name != nil && named[index].folder == nil {
            named[index].folder = folder(folderOf(named[index].path))
            named[index].name = place(of: named[index].path)
        }
    }

    private func isOne(_ one: Named, _ name: PlaceMark?, _ file: FileNumber?) -> Bool {
        (name != nil && one.name == name) || (file != nil && one.file == file)
    }

    // MARK: Collisions with options

    /// Throws if an option would overwrite the input.
    package func require(input path: String) throws(PoolmapError) {
        guard isWriting else { return }
        try require(input: path, nil, place(of: path))
    }

    /// Throws if an option would overwrite the input.
    package func require(input file: FoundFile) throws(PoolmapError) {
        guard isWriting else { return }
        try require(input: file.path, file.status, place(of: file.path))
    }

    private func require(input path: String, _ known: FileStatus?, _ name: PlaceMark) throws(PoolmapError) {
        guard isWriting else { return }
        let status = known ?? (hasWrittenFile ? FileStatus(ofPath: path) : nil)
        if let status, !status.isRegular { return }
        let file = status.map { FileNumber($0) }
        try throwIfWritten { isOne($0, name, file) }
    }

    /// Throws if an option would overwrite the file on standard input.
    package func requireStandardInput() throws(PoolmapError) {
        guard hasWrittenFile, let status = try? FileStatus(of: .standardInput), status.isRegular else { return }
        let file = FileNumber(status)
        try throwIfWritten { $0.file == file }
    }

    private func throwIfWritten(_ isInTheWay: (Named) -> Bool) throws(PoolmapError) {
        guard let index = named.firstIndex(where: { $0.isWritten && isInTheWay($0) }) else { return }
        named[index].isInput = true
        let reason = named[index].name == nil ? "goes there" : "names it, too"
        throw PoolmapError(.failed, "is both input and output: \(named[index].option) \(reason)")
    }

    /// Whether the option's file must not be written, because it was found among the inputs.
    package func mustStay(fileOf option: String) -> Bool {
        named.contains { $0.option == option && $0.isInput }
    }

    /// Throws if the target of an input is a file that an option names.
    package func require(target path: String) throws(PoolmapError) {
        guard !named.isEmpty else { return }
        let status = FileStatus(ofPath: path)
        if let status, !status.isRegular { return }
        try require(target: path, place(of: path), status.map { FileNumber($0) })
    }

    private func require(target path: String, _ name: PlaceMark, _ file: FileNumber?) throws(PoolmapError) {
        findFolders()
        guard let other = named.first(where: { isOne($0, name, file) }) else { return }
        throw PoolmapError(
            .failed, "its target \(path) is what \(other.option) \(other.isWritten ? "writes" : "reads")")
    }

    /// Throws if writing the files of options would change this folder or file of a tree.
    package func require(inTree status: FileStatus) throws(PoolmapError) {
        let number = FileNumber(status)
        if status.isDirectory {
            guard let other = named.first(where: { $0.isWritten && $0.folder == number }) else { return }
            throw PoolmapError(
                .failed,
                "would contain the output of \(other.option); write that outside the tree")
        }
        try throwIfWritten { $0.file == number }
    }

    // MARK: Inputs and targets

    /// Looks up the status of an input, once for `claim` and all later uses, if targets may exist already.
    package func look(at input: inout FoundFile) {
        if tracksFiles, input.status == nil {
            input.status = FileStatus(ofPath: input.path)
        }
    }

    /// Records an input and its target; throws if one of them collides with an earlier one, or with an option's file.
    package func claim(input: FoundFile, target: String) throws(PoolmapError) {
        let inputPlace = place(of: input.path)
        let targetPlace = place(of: target)
        let (inputFile, targetFile) = files(of: input, target)
        try require(input: input.path, input.status, inputPlace)
        try require(target: target, targetPlace, targetFile)
        let (inputMark, targetMark) = (inputFile.map(mark), targetFile.map(mark))
        func isAny(_ kind: PlaceTable.Kinds, _ name: PlaceMark, _ file: PlaceMark?) -> Bool {
            places.kinds(of: name).contains(kind) || file.map { places.kinds(of: $0).contains(kind) } ?? false
        }
        if isAny(.target, inputPlace, inputMark) {
            throw PoolmapError(.failed, "is the target of another input of this run")
        }
        // A target that is its own input is reported separately.
        let isOther = inputPlace != targetPlace && (targetFile == nil || inputFile != targetFile)
        if isOther, isAny(.input, targetPlace, targetMark) {
            throw PoolmapError(.failed, "its target \(target) is another input of this run")
        }
        if isAny(.target, targetPlace, nil) {
            throw PoolmapError(.failed, "its target \(target) is also the target of another input of this run")
        }
        places.insert(targetPlace, as: .target)
        places.insert(inputPlace, as: .input)
        inputMark.map { places.insert($0, as: .input) }
        if isOther {
            targetMark.map { places.insert($0, as: .target) }
        }
    }

    /// Records names with targets beside them, up to one that may collide with an earlier name; returns their number.
    ///
    /// It is much cheaper than `claim`, and examines no file; the caller must examine a name that may collide.
    package func claimNames(of bundle: NameBundle, _ naming: TargetNaming) -> Int {
        var claimed = 0
        var folderPath: [UInt8] = []
        var folderMark: PlaceMark?
        var target: [UInt8] = []
        bundle.forEach { _, path in
            let slash = path.lastIndex(of: UInt8(ascii: "/"))
            let folder = UnsafeRawBufferPointer(rebasing: path[..<(slash.map { $0 + 1 } ?? 0)])
            let name = UnsafeRawBufferPointer(rebasing: path[folder.count...])
            let known = folderMark != nil && folder.elementsEqual(folderPath)
            let mark = known ? folderMark ?? PlaceMark(kind: 0) : self.mark(ofFolder: folderOf(FileName.text(of: path)))
            if !known {
                (folderPath, folderMark) = (Array(folder), mark)
            }
            guard let change = naming.change(of: name) else {
                // It has no target, which is reported later.
                claimed += 1
                return true
            }
            target.removeAll(keepingCapacity: true)
            target += name.dropLast(change.dropped)
            target += change.added.utf8
            let inputMark = PlaceMark(name, in: mark)
            let targetMark = target.withUnsafeBytes { PlaceMark($0, in: mark) }
            if places.kinds(of: inputMark).contains(.target) || !places.kinds(of: targetMark).isEmpty { return false }
            places.insert(targetMark, as: .target)
            places.insert(inputMark, as: .input)
            claimed += 1
            return true
        }
        return claimed
    }

    /// The files of an input and its target, which may be the same under different names, if targets may exist already.
    private func files(of input: FoundFile, _ target: String) -> (input: FileNumber?, target: FileNumber?) {
        guard tracksFiles else { return (nil, nil) }
        let statuses = [input.status ?? FileStatus(ofPath: input.path), FileStatus(ofPath: target)]
        let numbers = statuses.map { status in status.flatMap { $0.isRegular ? FileNumber($0) : nil } }
        return (numbers[0], numbers[1])
    }

    // MARK: Places

    private func place(of path: String) -> PlaceMark {
        let name = FileName.bytes(of: lastName(of: path))
        let folder = mark(ofFolder: folderOf(path))
        return name.withUnsafeBytes { PlaceMark($0, in: folder) }
    }

    /// The mark of a folder, by device and inode, or by its path if it does not exist.
    private func mark(ofFolder path: String) -> PlaceMark {
        if let folder = folder(path) {
            return withUnsafeBytes(of: (UInt64(folder.device), UInt64(folder.inode))) {
                PlaceMark($0, in: PlaceMark(kind: 0))
            }
        }
        return FileName.bytes(of: path).withUnsafeBytes { PlaceMark($0, in: PlaceMark(kind: 1)) }
    }

    private func mark(_ file: FileNumber) -> PlaceMark {
        withUnsafeBytes(of: (UInt64(file.device), UInt64(file.inode))) { PlaceMark($0, in: PlaceMark(kind: 2)) }
    }

    private func folder(_ path: String) -> FileNumber? {
        let name = FileName.bytes(of: path)
        if let known = folders[name] { return known }
        guard let status = FileStatus(ofPath: path) else { return nil }
        if folders.count >= RunPlaces.mostFolders {
            folders.removeAll(keepingCapacity: true)
        }
        let folder = FileNumber(status)
        folders[name] = folder
        return folder
    }
}

/// Identifies a file, whatever its names.
struct FileNumber: Hashable {
    let device: dev_t
    let inode: ino_t

    init(_ status: FileStatus) {
        device = status.device
        inode = status.inode
    }
}

/// The inputs with several hard links that are being read.
///
/// If inputs are removed, removing one name changes the status of the file under its other names, as if it had been
/// written to. So one name is finished before the next one begins.
package struct LinkedInputs {
    private var underWay: [FileNumber: [UInt8]] = [:]
    private var numbers: [[UInt8]: FileNumber] = [:]

    /// An empty set.
    package init() {}

    /// Whether another name of the file is being read.
    package func mustWait(_ file: FoundFile) -> Bool {
        // Files with several names are rare.
        guard !underWay.isEmpty, let status = file.status ?? FileStatus(ofPath: file.path) else { return false }
        return underWay[FileNumber(status)] != nil
    }

    /// Records that reading the file begins.
    package mutating func begin(_ file: FoundFile) {
        guard let status = file.status ?? FileStatus(ofPath: file.path), status.isRegular, status.linkCount > 1 else {
            return
        }
        let path = FileName.bytes(of: file.path)
        underWay[FileNumber(status)] = path
        numbers[path] = FileNumber(status)
    }

    /// Records that an input is finished.
    package mutating func end(_ input: Input) {
        guard !underWay.isEmpty, case .file(let path) = input,
            let number = numbers.removeValue(forKey: FileName.bytes(of: path))
        else { return }
        underWay[number] = nil
    }
}
