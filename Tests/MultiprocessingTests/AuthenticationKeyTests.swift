import Testing

@testable import Multiprocessing

@Suite struct AuthenticationKeyTests {
    private let message = Array("what was said".utf8)

    /// Computed with `b3sum`: a derived key, passed to another `b3sum --keyed`.
    @Test func theProofIsTheKeyedHashUnderADerivedKey() throws {
        let proof = try AuthenticationKey("a secret").proof(of: message)
        let digits = "46eb9394d1c8244141874a63e3a7b873f6c9e386e9fad2756906cc7e37cb4283"
        #expect(proof.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == digits)
    }

    @Test func onlyTheKeyItselfProvesItself() throws {
        let keys: [[UInt8]] = [
            [0], [0, 0], [1], [1, 0], Array(repeating: 0, count: 32), Array(repeating: 0, count: 200),
        ]
        for key in keys {
            let proof = try AuthenticationKey(bytes: key).proof(of: message)
            for other in keys {
                let isProved = try AuthenticationKey(bytes: other).isProved(by: proof[...], of: message)
                #expect(isProved == (key == other))
            }
            let same = try AuthenticationKey(bytes: key)
            #expect(!same.isProved(by: proof[...], of: message + [0]))
            #expect(!same.isProved(by: proof.dropLast(), of: message))
            #expect(!same.isProved(by: [], of: message))
        }
    }
}
