import Diagnostics
import Storage

@testable import Unpacking

/// The same text, compressed in each format.
struct CompressedSample: Sendable, CustomStringConvertible {
    let name: String
    let bytes: [UInt8]

    var description: String { name }

    /// Decompresses it while it arrives in small portions.
    func decompress(portion: Int) throws(Problem) -> [UInt8] {
        let source = try decompressed(
            MemorySource(bytes, portion: portion), limit: .usual)
        var result: [UInt8] = []
        while let chunk = try source.nextChunk() { result.append(contentsOf: chunk.bytes) }
        return result
    }

    static let all = [gzip, zstd, xz, bzip2]
    static let text = Array(
        String(repeating: "the quick brown fox jumps over the lazy dog\n", count: 40).utf8)
    static let gzip = CompressedSample(
        name: "gzip",
        hexadecimal: """
            1f8b08000000000002032bc94855282ccd4cce56482aca2fcf5348cbaf50c82acd2d2856c82f4b2d5228014a
            e72456552aa4e4a773958caa1d553baa7654eda8da51b543442d00cdc3efbde0060000
            """)
    static let zstd = CompressedSample(
        name: "zstd",
        hexadecimal: """
            28b52ffd0458ad0100c40274686520717569636b2062726f776e20666f78206a756d7073206f766572207468
            65206c617a7920646f670a01008cf5fdaa0c5f021319
            """)
    static let xz = CompressedSample(
        name: "xz",
        hexadecimal: """
            fd377a585a000004e6d6b4460200210116000000742fe5a3e006df003b5d003a1a08ce76c7e5e9d60734c3d1
            0ebfce55e1aabde0e48f9801dd8de507549e65255f273a6a7eb4d348fe50fe611fd2153817671f58f56a990e
            000000003fefb3a51b0d66e3000157e00d00000090f36008b1c467fb020000000004595a
            """)
    static let bzip2 = CompressedSample(
        name: "bzip2",
        hexadecimal: """
            425a6839314159265359e43080700002e3d180001040003ffffff03000b80a343400000146868000000a5526
            a69804c8cd1b526f13989813b09813909a09909a09fa27113b89909dc26a26c13c89ec26a26627f09909b04c
            09e44cc4e426827b13313a89e84d44cc4f42604c09f82af827c13fc5dc914e1424390c201c00
            """)
}

extension CompressedSample {
    /// Takes the bytes as pairs of digits, which may stand in several lines.
    private init(name: String, hexadecimal text: String) {
        let digits = text.filter { !$0.isNewline }.compactMap(\.hexDigitValue)
        self.name = name
        bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
