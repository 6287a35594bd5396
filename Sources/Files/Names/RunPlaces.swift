import Glibc
import Ground
import SystemPackage

/// Where the files of a run are: all that it reads and all that it writes, so that nothing is written over what is read,
/// and nothing is written twice.
///
/// Two names are one place when they have one last name in one folder, however its path is spelled, or when they lead to
/// one file that is there. What is no regular file, as `/dev/null` or a pipe, is in nobody's way.
///
/// The few files that options name are kept with their names. Of inputs and targets, which may be many, so much is kept
/// of each as tells it from all others: 16 bytes.
package final class RunPlaces {
    /// What an option names, or stands for.
    private struct Named {
        /// For messages: "--report".
        let option: String
        let path: String
        let isWritten: Bool
        /// nil for what is open already, and has no name here.
        package var name: PlaceMark?
        /// The file that was there; nil for none.
        let file: FileNumber?
        /// Where it is; nil while there is no such folder.
        var folder: FileNumber?
        /// It turned out to be an input.
        var isInput = false
    }

    private var named: [Named] = []
    /// Whether an option has something written, and whether that is there already.
    private var isWriting = false
    private var hasWrittenFile = false
    private let tracksFiles: Bool
    private var places = PlaceTable()
    /// By the bytes of their paths: two strings are one to Swift where only an accent is written in another way.
    private var folders: [[UInt8]: FileNumber] = [:]
    private static let mostFolders = 256

    /// No places yet.
    ///
    /// - Parameter replacesTargets: whether targets may take the place of files that are there.
    package init(replacesTargets: Bool = false) {
        tracksFiles = replacesTargets
    }

    /// Whether no option names a file, so that only inputs and targets can be in each other's way.
    package var isEmpty: Bool { named.isEmpty }

    // MARK: What options name

    /// Notes a file that the run will write; throws if that is another option's file.
    ///
    /// - Parameter option: what names the file, for messages.
    package func add(written path: String, by option: String) throws(PoolmapError) {
        try add(path, option, isWritten: true)
    }

    /// Notes a file that the run will read beside its inputs, as a list; throws if an option has it written.
    ///
    /// - Parameter option: what names the file, for messages.
    package func add(read path: String, by option: String) throws(PoolmapError) {
        try add(path, option, isWritten: false)
    }

    /// Notes that an open descriptor is written, as standard output, which may be a file.
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
            throw PoolmapError(.failed, "\(name) and \(option) \(path) are one file; nothing was done")
        }
        isWriting = isWriting || isWritten
        hasWrittenFile = hasWrittenFile || (isWritten && one.file != nil)
        named.append(one)
    }

    /// A folder that was not there may have been made since.
    private func findFolders() {
        for index in named.indices where named[index].name != nil && named[index].folder == nil {
            named[index].folder = folder(folderOf(named[index].path))
            named[index].name = place(of: named[index].path)
        }
    }

    private func isOne(_ one: Named, _ name: PlaceMark?, _ file: FileNumber?) -> Bool {
        (name != nil && one.name == name) || (file != nil && one.file == file)
    }

    // MARK: What they may not be

    /// Throws if an option has the input written over.
    package func require(input path: String) throws(PoolmapError) {
        guard isWriting else { return }
        try require(input: path, nil, place(of: path))
    }

    /// The same of a file that was found.
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

    /// Throws if an option has the file written over that is standard input.
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

    /// Whether a file that the option names must stay as it is: it was found among the inputs.
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

    /// Throws if the folder, or file, of a tree would not be the same once the run has written what options name.
    package func require(inTree status: FileStatus) throws(PoolmapError) {
        let number = FileNumber(status)
        if status.isDirectory {
            guard let other = named.first(where: { $0.isWritten && $0.folder == number }) else { return }
            throw PoolmapError(
                .failed,
                "would have the output in it, of \(other.option); write that to a place outside of the tree")
        }
        try throwIfWritten { $0.file == number }
    }

    // MARK: Inputs and targets

    /// Looks at an input once, for `claim` and for all that come later; only where a target may be there already.
    package func look(at input: inout FoundFile) {
        if tracksFiles, input.status == nil {
            input.status = FileStatus(ofPath: input.path)
        }
    }

    /// Notes an input and its target; throws if one of them is in the way of an earlier one, or of an option's file.
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
        // A target that is its own input is an error of its own.
        let isOther = inputPlace != targetPlace && (targetFile == nil || inputFile != targetFile)
        if isOther, isAny(.input, targetPlace, targetMark) {
            throw PoolmapError(.failed, "its target \(target) is another input of this run")
        }
        if isAny(.target, targetPlace, nil) {
            throw PoolmapError(.failed, "its target \(target) is that of another input of this run, too")
        }
        places.insert(targetPlace, as: .target)
        places.insert(inputPlace, as: .input)
        inputMark.map { places.insert($0, as: .input) }
        if isOther {
            targetMark.map { places.insert($0, as: .target) }
        }
    }

    /// Notes names with their targets beside them, up to one that may be in the way of an earlier name; how many those are.
    ///
    /// It costs little beside what `claim` does, and looks at no file: a name that may be in the way is to be looked at.
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
                // It has no target, as will be said of it.
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

    /// What may be one file by names that are not one: only where a target may be there already.
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

    /// By its number, or by its path where it is not there.
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

/// What tells a file from all others, whatever its names.
struct FileNumber: Hashable {
    let device: dev_t
    let inode: ino_t

    init(_ status: FileStatus) {
        device = status.device
        inode = status.inode
    }
}

/// The inputs of a run that have several names, while they are read.
///
/// Where inputs are removed, the end of one name changes the status of the file under its others, as if somebody had
/// written into it. So one name is done before the next is begun.
package struct LinkedInputs {
    private var underWay: [FileNumber: [UInt8]] = [:]
    private var numbers: [[UInt8]: FileNumber] = [:]

    /// None yet.
    package init() {}

    /// Whether another name of the file is under way.
    package func mustWait(_ file: FoundFile) -> Bool {
        // Nearly always nothing has several names.
        guard !underWay.isEmpty, let status = file.status ?? FileStatus(ofPath: file.path) else { return false }
        return underWay[FileNumber(status)] != nil
    }

    /// The file is begun.
    package mutating func begin(_ file: FoundFile) {
        guard let status = file.status ?? FileStatus(ofPath: file.path), status.isRegular, status.linkCount > 1 else {
            return
        }
        let path = FileName.bytes(of: file.path)
        underWay[FileNumber(status)] = path
        numbers[path] = FileNumber(status)
    }

    /// What became of an input was reported.
    package mutating func end(_ input: Input) {
        guard !underWay.isEmpty, case .file(let path) = input,
            let number = numbers.removeValue(forKey: FileName.bytes(of: path))
        else { return }
        underWay[number] = nil
    }
}
