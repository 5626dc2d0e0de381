import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@testable import Unpacking

@Suite struct TarWriterTests {
    private final class Collected {
        var bytes: [UInt8] = []
    }

    private func archive(
        _ body: (inout TarWriter) throws(Problem) -> Void
    ) throws(Problem) -> [UInt8] {
        let collected = Collected()
        var writer = TarWriter { chunk throws(Problem) in collected.bytes += chunk.bytes }
        try body(&writer)
        try writer.finish()
        return collected.bytes
    }

    private func entry(_ name: String, _ kind: TarEntry.Kind = .file) -> TarEntry {
        TarEntry(
            name: Array(name.utf8), linkTarget: [], kind: kind, permissions: 0o640, owner: 1,
            group: 2, sizeInBytes: 0, modified: FileTime(seconds: 1_000_000, nanoseconds: 0),
            device: DeviceNumber(rawValue: 0), attributes: [], sparse: nil)
    }

    static let entries: [TarEntry] = {
        let suite = TarWriterTests()
        var all = [suite.entry("plain"), suite.entry("dir/", .directory)]
        func add(_ name: String, _ kind: TarEntry.Kind = .file, _ body: (inout TarEntry) -> Void) {
            var entry = suite.entry(name, kind)
            body(&entry)
            all.append(entry)
        }
        for count in [99, 100, 101, 255, 5000] {
            all.append(suite.entry(String(repeating: "n", count: count)))
            add("link\(count)", .symlink) { $0.linkTarget = Array(repeating: 108, count: count) }
        }
        add("bytes") { $0.name = [0xC3, 0x28, 0xFF] + Array(repeating: 0xE4, count: 200) }
        add("large") { ($0.owner, $0.group) = (0o7777777, 0o10000000) }
        add("largest") { ($0.owner, $0.group) = (UInt32.max - 1, UInt32.max - 1) }
        for (seconds, nanoseconds) in [
            (0, 1), (0, 123_456_000), (-1, 0), (-1, 500_000_000), (-2, 1), (1 << 33, 0),
            ((1 << 33) - 1, 0),
        ] as [(Int64, Int64)] {
            add("time") { $0.modified = FileTime(seconds: seconds, nanoseconds: nanoseconds) }
        }
        add("device", .characterDevice) { $0.device = DeviceNumber(major: 511, minor: 0xF_FFFF) }
        add("disk", .blockDevice) { $0.device = DeviceNumber(major: 8, minor: 1) }
        add("fifo", .fifo) { $0.permissions = 0o7777 }
        add("hard", .hardLink) { $0.linkTarget = Array("plain".utf8) }
        add("attributes") {
            $0.attributes = [
                .init(name: "security.capability", value: [1, 0, 0, 2, 10, 0]),
                .init(name: "user.empty", value: []),
                .init(name: "user.text", value: Array("a=b\n12 c=d\n".utf8)),
            ]
        }
        return all
    }()

    @Test(arguments: TarWriterTests.entries)
    func `a member reads as it was written`(entry: TarEntry) throws {
        let bytes = try archive { writer throws(Problem) in try writer.begin(entry) }
        #expect(bytes.count.isMultiple(of: 512))
        var reader = TarReader(MemorySource(bytes, portion: 700))
        #expect(try reader.nextEntry() == entry)
        #expect(try reader.nextEntry() == nil)
    }

    @Test func `the length of a record counts its own digits`() {
        for count in 1...1100 {
            var records = PaxRecords()
            records.append("path", Array(repeating: 120, count: count))
            let text = String(decoding: records.encoded, as: UTF8.self)
            #expect(text.hasPrefix("\(records.encoded.count) path="))
        }
    }

    @Test func `data is padded to whole blocks`() throws {
        var first = entry("a")
        first.sizeInBytes = 5
        let bytes = try archive { writer throws(Problem) in
            try writer.begin(first)
            try writer.writeData(Array("hello".utf8))
            try writer.begin(entry("b"))
        }
        #expect(bytes.count == 512 * 5)
        var reader = TarReader(MemorySource(bytes))
        #expect(try reader.nextEntry()?.sizeInBytes == 5)
        #expect(try reader.readAllData(limitInBytes: 10) == Array("hello".utf8))
        #expect(try reader.nextEntry()?.name == Array("b".utf8))
    }

    @Test func `gaps and files that became shorter read as zeros`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("f")
            let file = try OwnedFD.open(
                path, [.readWrite, .create], permissions: .ownerReadWrite)
            try file.truncate(toSizeInBytes: 3_000_000)
            try file.seek(toOffsetInBytes: 1_000_000)
            try file.writeAll("in the middle")
            var status = try FileStatus(of: file)
            let expected = try File.read(path)
            #expect(try data(of: file, status, isWhole: true) == expected)
            status.sizeInBytes += 1000
            #expect(
                try data(of: file, status, isWhole: false)
                    == expected + [UInt8](repeating: 0, count: 1000))
        }
    }

    private func data(
        of file: borrowing OwnedFD, _ status: FileStatus, isWhole: Bool
    ) throws -> [UInt8] {
        let collected = Collected()
        var writer = TarWriter { chunk throws(Problem) in collected.bytes += chunk.bytes }
        #expect(try writer.copyData(of: file, status, named: "f") == isWhole)
        try writer.finish()
        return Array(collected.bytes.prefix(Int(status.sizeInBytes)))
    }
}

@Suite struct CompressionWritingTests {
    @Test(arguments: [LayerCompression.uncompressed, .gzip, .zstd], [0, 1, 1000, 3_000_000])
    func `what was compressed decompresses to the same`(
        compression: LayerCompression, count: Int
    ) throws {
        var state: UInt64 = 1
        let bytes = (0..<count).map { index -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return index % 3 == 0 ? UInt8(state >> 60) : 65
        }
        let packed = try all(try compressed(MemorySource(bytes, portion: 100_000), as: compression))
        let magic = CompressionFormat(magic: packed)
        switch compression {
        case .uncompressed: #expect(packed == bytes)
        case .gzip: #expect(magic == .gzip)
        case .zstd: #expect(magic == .zstd)
        }
        if count == 3_000_000, compression != .uncompressed { #expect(packed.count < count / 3) }
        let plain = try decompressed(MemorySource(packed, portion: 5000), limit: .usual)
        #expect(try all(plain) == bytes)
    }

    private func all(_ source: any ByteSource) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try source.nextChunk() { bytes += chunk.bytes }
        return bytes
    }
}
