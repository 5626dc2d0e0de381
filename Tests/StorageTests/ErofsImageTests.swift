import Linux
import Testing

@testable import Storage

/// What needs no kernel of an EROFS image; Integration/Storage mounts them.
@Suite struct ErofsImageTests {
    private func layOut(_ size: Int64, _ extents: (Range<Int64>, Int64)...) -> ErofsData? {
        ErofsData(sizeInBytes: size, extents: extents.map { .init($0.0, at: $0.1) })
    }

    @Test(
        arguments: [
            (1, 0), (512, 0), (513, 1), (1024, 1), (1 << 20, 11), ((1 << 40) - 1, 31),
            (1 << 40, 31),
        ] as [(Int64, Int)])
    func `a file without gaps is one chunk`(size: Int64, bits: Int) throws {
        let data = try #require(layOut(size, (0..<size, 1024)))
        #expect(data.chunkBits == bits)
        #expect(data.chunks == [2])
    }

    @Test func `an empty file has no chunk, and one that is all hole has holes`() throws {
        #expect(try #require(layOut(0)).chunks.isEmpty)
        #expect(try #require(layOut(5000)).chunks == [nil])
    }

    @Test func `the largest chunk that no boundary cuts divides a sparse file`() throws {
        let data = try #require(
            layOut(1 << 20, (8192..<12288, 512), (65536..<65536 + 8192, 512 + 4096)))
        #expect(data.chunkBits == 3)
        #expect(data.chunks.count == 256)
        let present = data.chunks.enumerated().filter { $0.element != nil }
        #expect(present.map(\.offset) == [2, 16, 17])
        #expect(present.map(\.element) == [1, 9, 17])
    }

    @Test func `a sparse file may end with a block that is not full`() throws {
        let data = try #require(
            layOut(4096 + 100, (4096..<4196, 2048)))
        #expect(data.chunks == [nil, 4])
    }

    @Test func `what does not lie in whole blocks is left to others`() {
        #expect(layOut(100, (0..<100, 511)) == nil)
        #expect(layOut(4096, (100..<1024, 512)) == nil)
        #expect(layOut(4096, (512..<700, 512)) == nil)
        #expect(layOut(512, (0..<512, 1 << 41)) == nil)
        #expect(layOut(1 << 50, (512..<1024, 512)) == nil)
    }

    @Test func `attributes are those with a prefix of the format`() {
        let value = Array("v".utf8)
        #expect(ErofsAttribute(name: "user.a", value: value)?.fits == true)
        #expect(ErofsAttribute(name: "security.capability", value: value)?.fits == true)
        #expect(ErofsAttribute(name: "user.", value: value)?.fits == false)
        #expect(
            ErofsAttribute(name: "user.a", value: .init(repeating: 1, count: 65536))?.fits == false)
        for name in ["system.posix_acl_access", "com.apple.quarantine", "user", ""] {
            #expect(ErofsAttribute(name: name, value: value) == nil)
        }
    }

    @Test func `the same tree gives the same bytes in whole blocks`() {
        func image() -> [UInt8] {
            let root = directory()
            for name in ["b", "!", "a"] {
                root.set(directory(), named: Array(name.utf8))
            }
            return ErofsImage(
                root: root, dataInBytes: 1000, uuid: .init(repeating: 7, count: 16)
            ).bytes()
        }
        let bytes = image()
        #expect(bytes == image())
        #expect(bytes.count.isMultiple(of: 512))
        #expect(bytes[1024..<1028].elementsEqual([0xE2, 0xE1, 0xF5, 0xE0]))
        #expect(bytes[1036] == 9)
        #expect(bytes[1024 + 128 + 64] == 2)  // the device's blocks
    }

    @Test func `the names of a directory are sorted, in blocks that end with a name`() {
        let root = directory()
        let names = (0..<100).map { "file-\($0)" } + ["!", String(repeating: "x", count: 255)]
        for name in names { root.set(directory(), named: Array(name.utf8)) }
        let entries = ErofsDirectory(root, parent: root)
        let bytes = entries.bytes()
        #expect(bytes.count == entries.sizeInBytes)
        var found: [String] = []
        for start in stride(from: 0, to: bytes.count, by: 512) {
            let block = Array(bytes[start..<min(start + 512, bytes.count)])
            let first = Int(block[8]) | Int(block[9]) << 8
            let offsets = stride(from: 0, to: first, by: 12).map {
                Int(block[$0 + 8]) | Int(block[$0 + 9]) << 8
            }
            for (offset, end) in zip(offsets, offsets.dropFirst() + [block.count]) {
                let name = block[offset..<end].prefix { $0 != 0 }
                found.append(String(decoding: name, as: UTF8.self))
            }
        }
        #expect(found == (names + [".", ".."]).sorted())
    }

    private func directory() -> ErofsNode {
        ErofsNode(
            .directory, permissions: 0o755, owner: 0, group: 0,
            modified: FileTime(seconds: 0, nanoseconds: 0))
    }
}
