/// Small files made by the real tools, zstd and pzstd 1.5.4, in hexadecimal.
package enum FormatFixture {
    /// A frame without content: `zstd` on an empty file.
    package static let emptyInput = bytes(
        """
        28b52ffd240001000099e9d851
        """)

    /// 135 bytes of text: `zstd`.
    package static let oneBlock = bytes(
        """
        28b52ffd2487b50100c40274686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a792064
        6f672e020003d500463bcb92dfd1c6
        """)

    /// The same: `zstd --no-check`.
    package static let withoutChecksum = bytes(
        """
        28b52ffd2087b50100c40274686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a792064
        6f672e020003d500463bcb
        """)

    /// The same from a pipe, so that the content size is not known: `zstd <text`.
    package static let withoutContentSize = bytes(
        """
        28b52ffd0458b50100c40274686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a792064
        6f672e020003d500463bcb92dfd1c6
        """)

    /// 300 bytes, whose size needs the two-byte field: `zstd`.
    package static let contentSizeOfTwoBytes = bytes(
        """
        28b52ffd642c00750300a061626162626161626261616162616262626262622a20508232773d25011e02321290e7900b41010901
        8408202f6794c42a815f053ea75ef41ad0055f8012bbff8d01e2244e7840e438282817ee04c980f80589791827ccb86dac73a004
        4443770198003fc09a000d62030adc089e8a302e
        """)

    /// 300,000 zeros and the text: `zstd`.
    package static let threeBlocks = bytes(
        """
        28b52ffda4679404005400001000000100fbff39c00202001000d50100e4020074686520717569636b2062726f776e20666f7820
        6a756d7073206f76657220746865206c617a7920646f672e2002003da8a6c23dd181102b22cf04
        """)

    /// 300,000 zeros from a pipe: `zstd --long=27 <zeros`.
    package static let longWindow = bytes(
        """
        28b52ffd04886400001000000200e9ff3773e0012c02001000039f04002d28de26
        """)

    /// The text with a dictionary: `zstd --train --dictID=70000`, `zstd -D`.
    package static let withDictionary = bytes(
        """
        28b52ffd2770110100875d0000000374002442d3d837935092dfd1c6
        """)

    /// 3,000,000 zeros: `pzstd -p 2 -1`, which puts a skippable frame with the length before each frame.
    package static let pzstd = bytes(
        """
        502a4d18040000005600000028b52ffd04485400001000000100fbff39c002020010000200100002001000020010000200100002
        001000020010000200100002001000020010000200100002001000020010000200100002001000010000db238ef8502a4d180400
        00002f00000028b52ffd04485400001000000100fbff39c002020010000200100002001000020010000200100003360e00888b6b
        a7
        """)

    /// 315 bytes of text in chunks of 100, put together by a script from frames of `zstd --content-size`, as format 2.
    package static let poolmap = bytes(
        """
        28b52ffd2464000000000000b50100c40274686520717569636b2062726f776e20666f78206a756d7073206f7665722074686520
        6c617a7920646f672e020080ea008630cb0b55f94a28b52ffd2464950100840262726f776e20666f78206a756d7073206f766572
        20746865206c617a7920646f672e717569636b20020084ea1485309f47db717128b52ffd246495010084026a756d7073206f7665
        7220746865206c617a7920646f672e717569636b2062726f776e20666f7820020008d5598430c72ba6bd7e28b52ffd240f790000
        20746865206c617a7920646f672e20734be36a5c2a4d1824000000706f6f6c6d61705402010000040000004a05cd1cc64ced17b8
        dfdd51163bb16cc0c22ee85e2a4d184500000049000000640000000b55f94a3f0000006400000047db71713f000000640000002b
        a6bd7e1c0000000f000000734be36a2c0000000000000099e9d8510500000080b1ea928f
        """)

    /// 135 bytes of text in chunks of 100, in the same way, with `--no-check`.
    package static let poolmapWithoutChecksums = bytes(
        """
        28b52ffd2064000000000000b50100c40274686520717569636b2062726f776e20666f78206a756d7073206f7665722074686520
        6c617a7920646f672e020080ea008630cb28b52ffd202319010062726f776e20666f78206a756d7073206f76657220746865206c
        617a7920646f672e205c2a4d1814000000706f6f6c6d61705402000000020000007e6a3e755e2a4d182100000045000000640000
        002c000000230000001c000000000000000300000000b1ea928f
        """)

    /// 315 bytes of text in frames of 100, by the reference library of the seekable format, with checksums in the
    /// table; the frames have neither checksums nor content sizes.
    package static let seekable = bytes(
        """
        28b52ffd0000ad0100d40274686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f67
        2e740100253c551928b52ffd00009d0100940262726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e74
        717569636b20020084eaca629d4f28b52ffd00009d010094026a756d7073206f76657220746865206c617a7920646f672e7471756963
        6b2062726f776e20666f7820020008d5ad629d6328b52ffd000079000020746865206c617a7920646f672e745e2a4d18390000003e00
        000064000000960ba3553c000000640000006aa29ad63c00000064000000b85a5499180000000f0000005ae7017c0400000080b1ea92
        8f
        """)

    /// The same without checksums.
    package static let seekableWithoutChecksums =
        Array(seekable.prefix(206))
        + bytes(
            """
            5e2a4d18290000003e000000640000003c000000640000003c00000064000000180000000f0000000400000000b1ea928f
            """)

    /// The content of both.
    package static let seekableContent = Array(
        (0..<7).map { _ in "the quick brown fox jumps over the lazy dog.t" }.joined().utf8)

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
