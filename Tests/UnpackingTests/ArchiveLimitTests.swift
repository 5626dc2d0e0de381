import Diagnostics
import Linux
import SystemPackage
import Testing

@testable import Storage
@testable import Unpacking

@Suite struct ArchiveLimitTests {
    @Test(arguments: [
        (nil, ArchiveLimit.usual), ("", .usual), ("1000", .init(bytes: 1000)),
        ("2k", .init(bytes: 2048)), ("3M", .init(bytes: 3 << 20)), ("64g", .init(bytes: 64 << 30)),
        ("1t", .init(bytes: 1 << 40)),
    ])
    func `the environment sets it`(text: String?, limit: ArchiveLimit) throws {
        #expect(try ArchiveLimit { $0 == "KADE_LAYER_LIMIT" ? text : nil } == limit)
    }

    @Test(arguments: ["0", "-1", "g", "1x", "99999999999t", "1.5g"])
    func `what is no size is refused`(text: String) throws {
        let problem = try #require(throws: Problem.self) { try ArchiveLimit { _ in text } }
        #expect(problem.kind == .invalid)
        #expect(problem.what.contains(text))
    }

    @Test func `a source ends past it, and not at it`() throws {
        let whole = LimitedSource(
            MemorySource([UInt8](repeating: 1, count: 100), portion: 30),
            limit: ArchiveLimit(bytes: 100))
        var count = 0
        while let chunk = try whole.nextChunk() { count += chunk.bytes.count }
        #expect(count == 100)
        let cut = LimitedSource(
            MemorySource([UInt8](repeating: 1, count: 100), portion: 30),
            limit: ArchiveLimit(bytes: 99))
        #expect(throws: Problem.self) { while try cut.nextChunk() != nil {} }
    }

    @Test func `a layer past it leaves nothing`() throws {
        try withTemporaryDirectory { root in
            var layers = try Layers(root: root)
            layers.archiveLimit = ArchiveLimit(bytes: 5000)
            var tar = TarBuilder()
            tar.add(file: "bomb", String(repeating: "0", count: 100_000))
            let ingest = try #require(try layers.ingest(ContentHasher.sha256(tar.archive)))
            let problem = try #require(throws: Problem.self) {
                try tar.archive.withUnsafeBytes { try ingest.write($0) }
                try ingest.finish()
            }
            #expect(problem.kind == .invalid)
            #expect(problem.fix?.contains("KADE_LAYER_LIMIT") == true)
            #expect(try Directory.list(root.appending("layers/sha256")).isEmpty)
        }
    }
}
