import Diagnostics
import Linux
import Testing

@testable import Unpacking

@Suite struct TarReaderTests {
    private func entries(_ archive: [UInt8], portion: Int = 700) throws -> [TarEntry] {
        var reader = TarReader(MemorySource(archive, portion: portion))
        var entries: [TarEntry] = []
        while let entry = try reader.nextEntry() { entries.append(entry) }
        return entries
    }

    @Test func `a member has the fields of its header`() throws {
        var header = TarBuilder.Header("bin/tool")
        (header.mode, header.owner, header.group) = (0o4755, 7, 8)
        header.data = Array("content".utf8)
        var tar = TarBuilder()
        tar.add(header)
        let entry = try #require(try entries(tar.archive).first)
        #expect(entry.displayName == "bin/tool")
        #expect(entry.kind == .file)
        #expect(entry.permissions == 0o4755)
        #expect([entry.owner, entry.group] == [7, 8])
        #expect(entry.sizeInBytes == 7)
        #expect(entry.modified == FileTime(seconds: 1_000_000, nanoseconds: 0))
    }

    @Test(arguments: [1, 100, 511, 512, 513, 100_000])
    func `data arrives whole in portions of any size`(portion: Int) throws {
        var tar = TarBuilder()
        let text = String(repeating: "0123456789", count: 333)
        tar.add(file: "a", text)
        tar.add(file: "b", "tail")
        var reader = TarReader(MemorySource(tar.archive, portion: portion))
        var found: [String] = []
        while try reader.nextEntry() != nil {
            let data = try reader.readAllData(limitInBytes: 1 << 20)
            found.append(String(decoding: data, as: UTF8.self))
        }
        #expect(found == [text, "tail"])
    }

    @Test func `a prefix, a GNU long name and a PAX path make long names`() throws {
        let long = String(repeating: "d/", count: 100) + "end"
        var tar = TarBuilder()
        var prefixed = TarBuilder.Header("name")
        prefixed.prefix = "the/prefix"
        tar.add(prefixed)
        var name = TarBuilder.Header("././@LongLink", "L")
        name.data = Array(long.utf8) + [0]
        tar.add(name, magic: "ustar  \0")
        var link = TarBuilder.Header("././@LongLink", "K")
        link.data = Array((long + "2").utf8) + [0]
        tar.add(link, magic: "ustar  \0")
        tar.add(link: "short", to: "short", "2")
        tar.add(pax: [("path", long + "3"), ("linkpath", long + "4")])
        tar.add(link: "short", to: "short", "2")
        let found = try entries(tar.archive)
        #expect(found.map(\.displayName) == ["the/prefix/name", long, long + "3"])
        #expect(found[1].linkTarget == Array((long + "2").utf8))
        #expect(found[2].linkTarget == Array((long + "4").utf8))
    }

    @Test func `PAX gives owners, times to the nanosecond, and extended attributes`() throws {
        var tar = TarBuilder()
        tar.add(pax: [
            ("uid", "3000000"), ("gid", "4000000"), ("mtime", "1350244992.023960108"),
            ("SCHILY.xattr.user.note", "a=b\nc"),
        ])
        tar.add(file: "f", "x")
        tar.add(pax: [("mtime", "-1.25")])
        tar.add(file: "g", "x")
        let found = try entries(tar.archive)
        #expect([found[0].owner, found[0].group] == [3_000_000, 4_000_000])
        #expect(found[0].modified == FileTime(seconds: 1_350_244_992, nanoseconds: 23_960_108))
        #expect(found[0].attributes == [.init(name: "user.note", value: Array("a=b\nc".utf8))])
        #expect(found[1].modified == FileTime(seconds: -2, nanoseconds: 750_000_000))
        #expect(found[1].attributes.isEmpty)
    }

    @Test func `a global header holds until a member says otherwise`() throws {
        var tar = TarBuilder()
        tar.add(pax: [("uid", "55")], "g")
        tar.add(file: "a", "")
        tar.add(pax: [("uid", "66")])
        tar.add(file: "b", "")
        #expect(try entries(tar.archive).map(\.owner) == [55, 66])
    }

    @Test func `numbers may be binary`() {
        #expect(TarHeader.base256([0x80, 0, 0, 0, 0, 0x30, 0, 0]) == 0x300000)
        #expect(TarHeader.base256([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]) == -2)
        #expect(TarHeader.base256([0x80] + [UInt8](repeating: 0xFF, count: 11)) == nil)
        #expect(TarHeader.octal([0x20, 0x37, 0x37, 0x20, 0x30]) == 63)
        #expect(TarHeader.octal([0x38]) == nil)
    }

    @Test func `devices, fifos, links and directories are told apart`() throws {
        var tar = TarBuilder()
        var device = TarBuilder.Header("null", "3")
        (device.major, device.minor) = (1, 3)
        tar.add(device)
        device.type = "4"
        tar.add(device)
        tar.add(.init("pipe", "6"))
        tar.add(.init("dir/", "5"))
        tar.add(.init("old/", "0"))
        tar.add(link: "s", to: "t", "2")
        tar.add(link: "h", to: "null", "1")
        let found = try entries(tar.archive)
        #expect(
            found.map(\.kind) == [
                .characterDevice, .blockDevice, .fifo, .directory, .directory, .symlink, .hardLink,
            ])
        #expect(found[0].device == DeviceNumber(major: 1, minor: 3))
    }

    @Test func `an archive without its last blocks of zeros is whole`() throws {
        var tar = TarBuilder()
        tar.add(file: "a", "x")
        #expect(try entries(tar.bytes).count == 1)
    }

    @Test(arguments: [100, 512, 600, 1100])
    func `an archive that ends in the middle is an error`(length: Int) throws {
        var tar = TarBuilder()
        tar.add(file: "a", String(repeating: "x", count: 1000))
        let archive = Array(tar.archive.prefix(length))
        #expect(throws: Problem.self) { try entries(archive) }
    }

    /// Some old writers summed signed characters.
    @Test func `a checksum is that of unsigned or of signed bytes, and of no others`() throws {
        var tar = TarBuilder()
        tar.add(.init("é"))  // two bytes above 127
        let sum = try #require(TarHeader.octal(tar.bytes[148..<156]))
        for (difference, isRight) in [(0, true), (512, true), (256, false), (-1, false)] {
            var block = tar.bytes
            let text = String(sum - Int64(difference), radix: 8)
            let field = String(repeating: "0", count: 6 - text.utf8.count) + text + "\0 "
            block.replaceSubrange(148..<156, with: field.utf8)
            if isRight {
                #expect(try TarHeader(block).name == Array("é".utf8))
            } else {
                #expect(throws: Problem.self) { try TarHeader(block) }
            }
        }
    }

    @Test func `garbage is no archive`() {
        #expect(throws: Problem.self) { try entries(Array(repeating: 65, count: 2048)) }
    }

    @Test(arguments: ["5 x", "99 path=a\n", "0 path=a\n", "9 path=a/\n", "x path=a\n"])
    func `a malformed extended header is an error`(text: String) throws {
        #expect(throws: Problem.self) { try PaxRecords(Array(text.utf8)) }
    }

    @Test func `an extended header of a gigabyte is refused before it is read`() throws {
        var header = TarBuilder.Header("x", "x")
        header.size = 1 << 30
        var tar = TarBuilder()
        tar.add(header)
        #expect(throws: Problem.self) { try entries(tar.archive) }
    }
}
