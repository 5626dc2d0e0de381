import Foundation
import Linux
import Storage
import Synchronization
import SystemPackage
import Testing

/// The kernel reads the images that ``ErofsImage`` writes as they were meant.
@Suite(.enabled(if: isRoot && canMountErofs)) struct ErofsImageTests {
    /// Mounts a tree and the data of its files, and runs a shell script in its root.
    private func run(
        _ script: String, in root: ErofsNode, data: [UInt8] = Array(repeating: 0, count: 512)
    ) throws -> String {
        let folder = try TemporaryFolder()
        let image = ErofsImage(
            root: root, dataInBytes: Int64(data.count), uuid: Array("0123456789abcdef".utf8))
        try Data(image.bytes()).write(to: URL(fileURLWithPath: folder.at("image")))
        try Data(data).write(to: URL(fileURLWithPath: folder.at("data")))
        let result = Mutex("")
        try withPrivateMounts { place in
            let mount = ErofsMount(
                image: FilePath(folder.at("image")), data: FilePath(folder.at("data")))
            try mount.mount().attach(onto: place)
            let output = try Tool.check("sh", "-ec", "cd \"$1\"; \(script)", "sh", place.string)
            result.withLock { $0 = output }
        }
        return result.withLock { $0 }
    }

    private func node(
        _ content: ErofsNode.Content, _ permissions: UInt32 = 0o644, owner: UInt32 = 0,
        modified: FileTime = FileTime(seconds: 1, nanoseconds: 0)
    ) -> ErofsNode {
        ErofsNode(
            content, permissions: permissions, owner: owner, group: owner, modified: modified)
    }

    private func directory(_ children: [String: ErofsNode] = [:]) -> ErofsNode {
        let directory = node(.directory, 0o755)
        for (name, child) in children { directory.set(child, named: Array(name.utf8)) }
        return directory
    }

    private func file(_ size: Int64, at position: Int64) throws -> ErofsNode {
        node(
            .file(
                try #require(
                    ErofsData(sizeInBytes: size, extents: [.init(0..<size, at: position)]))))
    }

    @Test func `every kind of file has its attributes`() throws {
        let both = node(
            .fifo, 0o4711, owner: 4_000_000_000,
            modified: FileTime(seconds: -86400 * 365, nanoseconds: 123_456_789))
        let root = directory([
            "null": node(.characterDevice(DeviceNumber(major: 1, minor: 3)), 0o666),
            "disk": node(.blockDevice(DeviceNumber(major: 259, minor: 70000)), 0o660),
            "one": both, "two": both, "sub": directory(["sub": directory()]),
        ])
        let output = try run(
            "find . -printf '%p %y %m %U %n %T@\\n' | sort; stat -c '%t:%T' null disk", in: root)
        #expect(
            output == """
                . d 755 0 3 1.0000000000
                ./disk b 660 0 1 1.0000000000
                ./null c 666 0 1 1.0000000000
                ./one p 4711 4000000000 2 -31536000.1234567890
                ./sub d 755 0 3 1.0000000000
                ./sub/sub d 755 0 2 1.0000000000
                ./two p 4711 4000000000 2 -31536000.1234567890
                1:3
                103:11170

                """)
    }

    @Test func `files read their data from the other file, and holes as zeros`() throws {
        var data: [UInt8] = []
        for block in 0..<64 { data += Array(repeating: UInt8(block), count: 512) }
        let sparse = try #require(
            ErofsData(
                sizeInBytes: 20_000,
                extents: [.init(4096..<8192, at: 1024), .init(16384..<20_000, at: 1024 + 4096)]))
        let root = directory([
            "empty": try file(0, at: 0), "small": try file(3, at: 512),
            "all": try file(Int64(data.count), at: 0), "odd": try file(1025, at: 512 * 5),
            "sparse": node(.file(sparse)),
        ])
        let output = try run(
            "cat all | sha256sum; od -An -v -tu1 -w1 odd | uniq -c; "
                + "od -An -v -tu1 -w1 sparse | uniq -c; od -An -tu1 small; stat -c %s empty",
            in: root, data: data)
        let folder = try TemporaryFolder()
        try Data(data).write(to: URL(fileURLWithPath: folder.at("data")))
        let expected = try Tool.check("sha256sum", folder.at("data")).prefix(64)
        let lines = output.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(
            lines == [
                "\(expected) -", "512 5", "512 6", "1 7", "4096 0", "512 2", "512 3", "512 4",
                "512 5", "512 6", "512 7", "512 8", "512 9", "8192 0", "512 10", "512 11",
                "512 12", "512 13", "512 14", "512 15", "512 16", "32 17", "1 1 1", "0",
            ])
    }

    @Test func `a directory of thousands of names is listed and searched`() throws {
        var children: [String: ErofsNode] = [:]
        for number in 0..<3000 { children["name-\(number)"] = node(.fifo) }
        for name in ["!", "-", "..a", ".hidden", "z", "ä ö", "a\nb"] {
            children[name] = node(.fifo)
        }
        for letter in ["k", "l", "m", "q"] {
            children[String(repeating: letter, count: 255)] = directory(["in": node(.fifo)])
        }
        let output = try run(
            "find . -mindepth 1 -maxdepth 1 -print0 | tr -dc '\\0' | wc -c; for i in $(seq 0 2999); do test -p name-$i; done; test -p ./-; "
                + "test -p '!'; test -p ..a; test -p 'ä ö'; test ! -e name-3000; test ! -e 0; "
                + "test ! -e zz; for d in k l m q; do ls $d*; done", in: directory(children))
        #expect(output == "3011\nin\nin\nin\nin\n")
    }

    @Test func `links of every length lead where they should`() throws {
        let lengths = Array(1...600) + [1023, 1024, 1025, 2048, 4000, 4095]
        var children: [String: ErofsNode] = [:]
        for length in lengths {
            children["\(length)"] = node(
                .symlink(Array(repeating: UInt8(ascii: "t"), count: length)), 0o777)
        }
        let output = try run(
            "for i in *; do readlink $i | tr -d '\\n' | wc -c | grep -qx $i; done; "
                + "cat * 2>&1 | wc -l; readlink * | tr -d '\\nt' | wc -c",
            in: directory(children))
        #expect(output == "\(lengths.count)\n0\n")
    }

    @Test func `extended attributes are read back`() throws {
        let long = [UInt8](repeating: UInt8(ascii: "v"), count: 5000)
        let target = node(.symlink(Array("nowhere".utf8)), 0o777)
        let root = directory(["file": try file(1, at: 0), "link": target])
        let values: [(String, [UInt8])] = [
            ("user.note", Array("hello".utf8)), ("user.empty", []), ("user.long", long),
            ("security.capability", [1, 0, 0, 2] + .init(repeating: 0, count: 16)),
            ("trusted.mark", [0]), ("user.note", Array("again".utf8)),
        ]
        let file = try #require(root.children[Array("file".utf8)])
        for (name, value) in values {
            file.set(try #require(ErofsAttribute(name: name, value: value)))
        }
        target.set(try #require(ErofsAttribute(name: "security.label", value: [7])))
        root.set(ErofsAttribute.opaque)
        let script = """
            python3 - <<'END'
            import os
            for path in [".", "file", "link"]:
                for name in sorted(os.listxattr(path, follow_symlinks=False)):
                    value = os.getxattr(path, name, follow_symlinks=False)
                    print(path, name, len(value), value[:5])
            END
            readlink link
            """
        #expect(
            try run(script, in: root) == """
                . trusted.overlay.opaque 1 b'y'
                file security.capability 20 b'\\x01\\x00\\x00\\x02\\x00'
                file trusted.mark 1 b'\\x00'
                file user.empty 0 b''
                file user.long 5000 b'vvvvv'
                file user.note 5 b'again'
                link security.label 1 b'\\x07'
                nowhere

                """)
    }
}
