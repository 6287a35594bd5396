import Files
import Ground
import Operations
import Run

/// The inputs of subcommands that write no target for each input.
final class NamedItems: ItemSource {
    private var names: InputNames
    private let places: RunPlaces
    private let target: Target

    /// Throws if an argument or a list is a file that an option writes.
    init(
        _ sources: [InputNames.Source], _ folders: InputNames.Folders, _ places: RunPlaces, followsLinks: Bool,
        to target: Target = .nowhere, share: NameShare? = nil, tally: NameTally? = nil
    ) throws(PoolmapError) {
        self.target = target
        names = InputNames(sources, folders: folders, followsLinks: followsLinks, share: share, tally: tally)
        self.places = places
        for source in sources {
            if case .list(let path, _) = source, path != "-" {
                try places.add(read: path, by: "--files-from")
            }
        }
        for case .name(let path) in sources where path != "-" && !places.isEmpty {
            guard let file = InputNames.file(path, followsLinks: followsLinks) else { continue }
            do throws(PoolmapError) {
                try places.require(input: file)
            } catch {
                throw error.about(path)
            }
        }
    }

    var hasMore: Bool { names.hasMore }

    var reach: NameReach { NameReach(inputs: names.reach, targets: []) }

    func next() -> ItemStep {
        names.next().item(standardInputTo: target, places) { item(of: $0) }
    }

    func nextNames(atMost most: Int) -> NameBundle? {
        names.nextNames(atMost: most)
    }

    func item(_ name: UnsafeRawBufferPointer, of bundle: NameBundle) -> ItemStep? {
        names.step(of: name, bundle)?.item(standardInputTo: target, places) { item(of: $0) }
    }

    private func item(of file: FoundFile) -> ItemStep {
        let input = Input.file(file.path)
        do throws(PoolmapError) {
            try places.require(input: file)
            return .item(input, target, file: file)
        } catch {
            return .refused(input, error)
        }
    }
}

extension InputNames.Step {
    /// The name as an item of a run.
    func item(
        standardInputTo target: Target, _ places: RunPlaces, item: (FoundFile) -> ItemStep
    ) -> ItemStep {
        switch self {
        case .file(let file): return item(file)
        case .standardInput:
            do throws(PoolmapError) {
                try places.requireStandardInput()
                return .item(.standardInput, target, file: nil)
            } catch {
                return .refused(.standardInput, error)
            }
        case .refused(let name, let error): return .refused(.file(name), error)
        case .ignoredLink(let name): return .refused(.file(name), .ignoredLink)
        case .waitForInput(let descriptor): return .waitForInput(descriptor)
        case .end: return .end
        }
    }
}
