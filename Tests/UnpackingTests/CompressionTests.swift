import Diagnostics
import Testing

@testable import Unpacking

@Suite struct CompressionTests {
    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0, 0, 0], CompressionFormat.gzip),
            ([0x28, 0xB5, 0x2F, 0xFD, 0, 0], .zstd),
            ([0x52, 0x2A, 0x4D, 0x18, 0, 0], .zstd),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .xz),
            ([0x42, 0x5A, 0x68, 0x39, 0, 0], .bzip2),
            ([0x2E, 0x2F, 0, 0, 0, 0], .none),
            ([], .none),
        ] as [([UInt8], CompressionFormat)])
    func `a format is known by its first bytes`(magic: [UInt8], format: CompressionFormat) {
        #expect(CompressionFormat(magic: magic) == format)
    }

    @Test(arguments: CompressedSample.all)
    func `each format gives the bytes back, in portions of any size`(
        sample: CompressedSample
    ) throws {
        for portion in [1, 7, 4096] {
            #expect(try sample.decompress(portion: portion) == CompressedSample.text)
        }
    }

    @Test(arguments: CompressedSample.all)
    func `members and frames follow one another`(sample: CompressedSample) throws {
        let twice = CompressedSample(name: sample.name, bytes: sample.bytes + sample.bytes)
        #expect(try twice.decompress(portion: 5) == CompressedSample.text + CompressedSample.text)
    }

    @Test(arguments: CompressedSample.all)
    func `data that ends early is an error`(sample: CompressedSample) {
        let short = CompressedSample(name: sample.name, bytes: Array(sample.bytes.dropLast(3)))
        #expect(throws: Problem.self) { try short.decompress(portion: 4096) }
    }

    @Test func `zeros after gzip are padding and other bytes an error`() throws {
        let padded = CompressedSample(name: "", bytes: CompressedSample.gzip.bytes + [0, 0, 0])
        #expect(try padded.decompress(portion: 2) == CompressedSample.text)
        let followed = CompressedSample(name: "", bytes: CompressedSample.gzip.bytes + [0, 0, 9])
        #expect(throws: Problem.self) { try followed.decompress(portion: 2) }
    }

    @Test func `a wrong checksum of gzip is an error`() {
        var bytes = CompressedSample.gzip.bytes
        bytes[bytes.count - 6] ^= 1
        #expect(throws: Problem.self) {
            try CompressedSample(name: "", bytes: bytes).decompress(portion: 4096)
        }
    }
}
