@testable import Files
@testable import Ground
@testable import Operations

extension FuzzTarget {
    /// File names: converted to text and back, escaped and back, shown on a terminal, and in lists.
    static let names = FuzzTarget(
        name: "names", mostBytes: 512, leastEdges: 500,
        seeds: {
            ["a\\n\\\\b\nc\r", "\u{10FF80}\u{10FFFF} é 日本 \u{7}\u{1B}[31m", "a\0b\0\0c", "x\n\ny\n", ""].map {
                Array($0.utf8)
            }
                + [[0xFF, 0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x8F], [0xE6, 0x97, 0x41]]
        },
        run: { bytes in
            compareText(Array(bytes))
            for separator in [0, UInt8(ascii: "\n")] {
                compareList(bytes, FuzzTarget.lines(of: bytes, separator: separator), isNullSeparated: separator == 0)
            }
        })

    private static func compareText(_ bytes: [UInt8]) {
        let text = FileName.text(of: bytes)
        require(FileName.bytes(of: text) == bytes, "\(bytes) comes back as \(FileName.bytes(of: text))")
        require(text.cName.dropLast().map { UInt8(bitPattern: $0) } == bytes, "the kernel gets another name")
        let shown = FileName.printable(text)
        require(shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }, "\(shown)")
        let escaped = FileName.bytes(of: DigestLine.escaped(text))
        require(!escaped.contains(UInt8(ascii: "\n")) && !escaped.contains(UInt8(ascii: "\r")), "a line break is left")
        if let unescaped = DigestLine.unescaped(escaped[...]) {
            require(Array(unescaped) == bytes, "\(bytes) is unescaped as \(Array(unescaped))")
        } else {
            require(bytes.contains(0), "\(bytes) cannot be unescaped")
        }
        if let unescaped = DigestLine.unescaped(bytes[...]) {
            let name = FileName.text(of: unescaped)
            if !unescaped.isEmpty {
                let again = ManifestText.escaped(name).withUnsafeBytes { ManifestText.name(ofEscaped: $0) }
                require(again == name, "a manifest has another name")
            }
        }
    }

    private static func compareList(_ bytes: UnsafeRawBufferPointer, _ lines: [[UInt8]], isNullSeparated: Bool) {
        guard !bytes.isEmpty, let list = try? NameList(ScratchFiles.path(to: bytes), isNullSeparated: isNullSeparated)
        else { return }
        let expected = isNullSeparated ? lines : lines.filter { !$0.isEmpty }
        for line in expected {
            switch list.next() {
            case .name(let name): require(name.elementsEqual(line), "\(line) is read as \(Array(name))")
            case .refused:
                require(isNullSeparated ? line.isEmpty : line.contains(0), "\(line) is refused")
            case .waitForInput: require(false, "a file is to be waited for")
            case .end: require(false, "\(line) is not read")
            }
        }
        guard case .end = list.next() else { fatalError("there is more than \(expected.count) names") }
    }
}
