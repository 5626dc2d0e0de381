import Diagnostics
import Testing

@testable import Unpacking

@Suite struct TarSparseTests {
    private func first(_ tar: TarBuilder) throws -> TarEntry? {
        var reader = TarReader(MemorySource(tar.archive, portion: 300))
        return try reader.nextEntry()
    }

    @Test func `format 0 point 0 repeats records`() throws {
        var tar = TarBuilder()
        tar.add(pax: [
            ("GNU.sparse.size", "100"), ("GNU.sparse.offset", "10"), ("GNU.sparse.numbytes", "2"),
            ("GNU.sparse.offset", "50"), ("GNU.sparse.numbytes", "3"),
        ])
        tar.add(file: "f", "abcde")
        #expect(try first(tar)?.sparse == SparseMap(sizeInBytes: 100, ranges: [10..<12, 50..<53]))
    }

    @Test func `format 0 point 1 has one list`() throws {
        var tar = TarBuilder()
        tar.add(pax: [
            ("GNU.sparse.size", "100"), ("GNU.sparse.name", "real"),
            ("GNU.sparse.map", "10,2,50,3,100,0"),
        ])
        tar.add(file: "f", "abcde")
        let entry = try #require(try first(tar))
        #expect(entry.sparse == SparseMap(sizeInBytes: 100, ranges: [10..<12, 50..<53]))
        #expect(entry.displayName == "real")
    }

    @Test func `format 1 point 0 begins the data with the map`() throws {
        var tar = TarBuilder()
        tar.add(pax: [
            ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "real"),
            ("GNU.sparse.realsize", "100"),
        ])
        var map = Array("2\n10\n2\n50\n3\n".utf8)
        map += [UInt8](repeating: 0, count: 512 - map.count)
        var header = TarBuilder.Header("GNUSparseFile.0/f")
        header.data = map + Array("abcde".utf8)
        tar.add(header)
        let entry = try #require(try first(tar))
        #expect(entry.sparse == SparseMap(sizeInBytes: 100, ranges: [10..<12, 50..<53]))
        #expect(entry.sizeInBytes == 5)
        #expect(entry.displayName == "real")
    }

    @Test(arguments: ["10,2,5,3", "98,5", "10,4", "10", "a,b", "10,9223372036854775807"])
    func `an impossible map is an error`(map: String) {
        var tar = TarBuilder()
        tar.add(pax: [("GNU.sparse.size", "100"), ("GNU.sparse.map", map)])
        tar.add(file: "f", "abcde")
        #expect(throws: Problem.self) { try first(tar) }
    }
}
