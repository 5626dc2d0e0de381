import Diagnostics
import Fuzz
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@testable import Unpacking

/// Archives that no honest program makes.
@Suite struct ArchiveFuzzTests {
    /// Whatever an archive holds, nothing outside of the layer changes, and all ways to keep a layer
    /// accept the same archives and show the same files.
    @Test(arguments: 0..<(20 * fuzzFactor))
    func `a hostile archive changes nothing outside`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        try withTemporaryDirectory { root in
            let outside = root.appending("outside")
            try Directory.make(outside, permissions: .ownerReadWriteExecute)
            try File.create(
                outside.appending("file"), content: Array("mine".utf8),
                permissions: .ownerReadWrite)
            let before = try tree(of: outside)
            for _ in 0..<6 {
                let archive = hostileArchive(outside: outside, using: &generator)
                var trees: [[String]?] = []
                for choice in SnapshotterChoice.here {
                    trees.append(try unpacked(archive, choice, in: root))
                    #expect(try tree(of: outside) == before)
                }
                for tree in trees where tree != trees[0] {
                    let (left, right) = (trees[0] ?? ["refused"], tree ?? ["refused"])
                    Issue.record(
                        "\(right.difference(from: left).map { "\($0)".prefix(300) })\nfrom \(left)")
                }
            }
        }
    }

    /// The files of an archive as a layer; nil where it is refused, and nothing of it is left then.
    private func unpacked(
        _ archive: [UInt8], _ choice: SnapshotterChoice, in root: FilePath
    ) throws -> [String]? {
        var layers = try Layers(root: root)
        layers.snapshotter = choice
        let diffID = ContentHasher.sha256(archive)
        guard try isAccepted(archive, diffID, by: layers) else {
            #expect(!layers.contains(diffID))
            try layers.sweep()
            let left = try Directory.list(root.appending("layers/sha256")).map(\.name.string)
            #expect(left.isEmpty)
            return nil
        }
        let files = Result { try tree(of: try layers.show(diffID)) }
        try layers.remove(diffID)  // or it would stay mounted
        return try files.get()
    }

    private func isAccepted(
        _ archive: [UInt8], _ diffID: OCI.Digest, by layers: Layers
    ) throws -> Bool {
        do {
            guard let ingest = try layers.ingest(diffID) else { return false }
            try archive.withUnsafeBytes { try ingest.write($0) }
            try ingest.finish()
            return true
        } catch let refusal as Problem {
            guard isClear(refusal) else { throw refusal }
            return false
        }
    }

    /// What is in a directory, in order.
    ///
    /// Of each its path, kind, mode and owner, and what there is of time, target, links, content and
    /// number. Directories that the archive only implies have a time of their own.
    private func tree(of directory: FilePath) throws -> [String] {
        try tree(of: directory, data: LayerData(of: directory))
    }

    private func tree(of directory: FilePath, data: LayerData?) throws -> [String] {
        var lines: [String] = []
        for entry in try Directory.list(directory) {
            let path = directory.appending(entry.name)
            let status = try FileStatus(ofLink: path)
            var line = "\(entry.name) \(status.kind) \(String(status.permissions, radix: 8))"
            line += " \(status.owner):\(status.group)"
            switch status.kind {
            case .directory:
                lines += try tree(of: path, data: data).map { "\(entry.name)/\($0)" }
            case .symlink: line += " \(status.modified) \(try Link.target(of: path))"
            case .file:
                line += " \(status.modified) \(status.linkCount) \(try content(of: path, data))"
            default: line += " \(status.device)"
            }
            lines.append(line)
        }
        return lines.sorted()
    }

    /// What a file of a layer holds, also where it has its data elsewhere.
    private func content(of path: FilePath, _ data: LayerData?) throws -> [UInt8] {
        let file = try OwnedFD.open(path, .readOnly)
        if let data, let elsewhere = try data.file(of: file) { return try elsewhere.readAll() }
        return try file.readAll()
    }

    private func hostileArchive(
        outside: FilePath, using generator: inout SeededGenerator
    ) -> [UInt8] {
        let names = [
            "a", "a/b", "a/b/c", "l", "l/file", "l/x", "./a", "a//b", "a/../l", "../outside/file",
            "../../outside/x", "\(outside)/file", "/a", "/", ".", "..", "a/..", "a/.wh.b", ".wh.a",
            ".wh..wh..opq", "a/.wh..wh..opq", ".wh.", ".wh...", "h", "h/x", "\u{1}\n", "é", "dev",
        ]
        let targets = [
            "a", "../outside", "../../outside/file", "\(outside)", "\(outside)/file", "/", "..",
            ".",
            "l", "h", "a/b/c", "/a", "l/file", "",
        ]
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &generator) ?? "" }
        var tar = TarBuilder()
        for _ in 0..<Int.random(in: 1...10, using: &generator) {
            let kinds: [Character] = ["0", "0", "0", "1", "1", "2", "2", "5", "5", "6"]
            var header = TarBuilder.Header(
                pick(names), kinds.randomElement(using: &generator) ?? "0")
            header.mode = [0o644, 0o755, 0o4755, 0o1777, 0].randomElement(using: &generator) ?? 0
            header.modified =
                [0, 1, 1_000_000, 0o77777777777].randomElement(using: &generator) ?? 0
            if "12".contains(header.type) { header.link = pick(targets) }
            if header.type == "0" {
                let size = [0, 1, 511, 512, 513, 5000].randomElement(using: &generator) ?? 0
                header.data = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            if UInt8.random(in: 0..<16, using: &generator) == 0 {
                tar.add(pax: [("path", pick(names)), ("linkpath", pick(targets))])
            }
            if UInt8.random(in: 0..<40, using: &generator) == 0 { header.size = 1 << 30 }
            tar.add(header)
        }
        return tar.archive
    }

    @Test(arguments: CompressedSample.all, 0..<(2 * fuzzFactor))
    func `damaged compressed data is an error or data`(sample: CompressedSample, seed: UInt64) {
        let found = complaints(
            about: [sample.bytes], count: 300, seed: seed, marks: Array(UInt8.min ... .max)
        ) { bytes throws(Problem) in
            _ = try CompressedSample(name: "", bytes: bytes).decompress(portion: 64)
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `a damaged archive is read to its end or refused`(seed: UInt64) {
        var tar = TarBuilder()
        tar.add(pax: [("path", "long/name"), ("SCHILY.xattr.user.a", "b"), ("mtime", "1.5")])
        tar.add(file: "x", "text")
        tar.add(pax: [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")])
        tar.add(link: "l", to: "x", "2")
        let found = complaints(
            about: [tar.archive], seed: seed, marks: Array("0 7=\n".utf8) + [0, 0x80, 0xFF]
        ) { bytes throws(Problem) in
            var reader = TarReader(MemorySource(bytes, portion: 700))
            while try reader.nextEntry() != nil {
                _ = try reader.readAllData(limitInBytes: 1 << 20)
            }
        }
        #expect(found.isEmpty)
    }
}
