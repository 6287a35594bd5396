@testable import Multiprocessing

extension FuzzTarget {
    /// A list in shared memory that another process has filled with arbitrary bytes.
    static let shareable = FuzzTarget(
        name: "shareable", mostBytes: 1024, leastEdges: 150,
        seeds: {
            try [
                [1, 2.5, "text", true, nil], [], [.bytes([1, 2, 3]), .string(String(repeating: "é", count: 20))], [nil],
            ].map { (elements: [ShareableElement]) in
                let layout = ShareableListLayout(for: elements)
                let mapping = try SharedMapping(byteCount: layout.byteCount, name: "fuzz")
                layout.write(elements, into: mapping)
                return Array(UnsafeRawBufferPointer(start: mapping.base, count: layout.byteCount))
            }
        },
        run: { bytes in
            guard let found = elements(bytes) else { return }
            let layout = ShareableListLayout(for: found)
            do {
                let mapping = try SharedMapping(byteCount: layout.byteCount, name: "fuzz")
                layout.write(found, into: mapping)
                let again = elements(UnsafeRawBufferPointer(start: mapping.base, count: layout.byteCount))
                // Compared as text, since NaN is not equal to itself.
                require(again.map { "\($0)" } == "\(found)", "\(found) comes back as \(again.debugDescription)")
            } catch {
                require(false, "\(error)")
            }
        })

    /// The readable elements; nil if there is no list.
    private static func elements(_ bytes: UnsafeRawBufferPointer) -> [ShareableElement]? {
        guard !bytes.isEmpty, let mapping = try? SharedMapping(byteCount: bytes.count, name: "fuzz") else { return nil }
        mapping.base.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(mapping.base), byteCount: bytes.count)
        guard let layout = try? ShareableListLayout(in: mapping) else { return nil }
        return layout.places.compactMap { place in
            require(place.offset + place.room <= bytes.count, "an element lies behind the end")
            // A reader waits half a second for a writer in progress.
            guard bytes[place.record + 23] != 0x57 else { return nil }
            return place.read(in: mapping)
        }
    }
}
