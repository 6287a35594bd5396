import Foundation
import Testing

@testable import Multiprocessing

/// `Data`, which the library knows only by its name: with another name it would be sent by its own coding, byte by
/// byte.
@Suite struct FoundationDataTests {
    private struct Letter: Codable, Equatable {
        var body: Data
        var attachments: [Data]
        var signature: Data?
    }

    @Test func dataIsKnown() {
        #expect(foundationData?.type == Data.self)
    }

    @Test func dataTravelsAsAnArrayOfBytes() throws {
        let coder = MessageCoder<Data>.codable()
        for count in [0, 1, 14, 15, 1000, 1 << 20] {
            let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
            let bytes = try message(of: data, by: coder)
            #expect(try bytes == wireForm(of: Array(data)))
            #expect(try bytes.withUnsafeBytes { try coder.decode($0) } == data)
            #expect(try decoded(Data.self, from: wireForm(of: Script { try data.encode(to: $0) })) == data)
        }
        let slice = Data(0...255)[100..<200]
        #expect(try message(of: slice, by: coder) == wireForm(of: Array(slice)))
        let letter = Letter(body: Data([1, 2]), attachments: [Data(), slice], signature: Data([3]))
        #expect(try travelled(letter) == letter)
    }

    @Test func otherFormsOfBytesAreReadByItsOwnCoding() throws {
        let tagged: [UInt8] = [0x05, 4, 0x20, 1, 0x10, 2]
        #expect(try decoded(Data.self, from: tagged) == Data([1, 2]))
        #expect(try decoded(Data.self, from: wireForm(of: [1, 2] as [Int])) == Data([1, 2]))
        #expect(throws: DecodingError.self) { try decoded(Data.self, from: wireForm(of: [256])) }
        #expect(throws: DecodingError.self) { try decoded(Data.self, from: wireForm(of: "text")) }
    }
}
