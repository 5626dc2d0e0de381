import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@testable import Unpacking

@Suite struct LayerIngestTests {
    /// Unpacks an archive as a layer, in each way that is possible here, and lets a test look at it.
    ///
    /// Where an image was asked for and it must be unpacked, `images` does not name it.
    private func withLayer(
        _ tar: TarBuilder, portion: Int = 1000,
        asImage images: [SnapshotterChoice] = [.erofs, .composefs],
        _ body: (Layers, FilePath) throws -> Void
    ) throws {
        for choice in SnapshotterChoice.here {
            try withTemporaryDirectory { root in
                var layers = try Layers(root: root)
                layers.snapshotter = choice
                let diffID = ContentHasher.sha256(tar.archive)
                try ingest(tar.archive, diffID, into: layers, portion: portion)
                let kept = try layers.record(of: diffID).kind
                #expect(kept.rawValue == (images.contains(choice) ? choice : .directory).rawValue)
                let files = try layers.show(diffID)
                let outcome = Result { try body(layers, files) }
                try layers.remove(diffID)  // or it would stay mounted
                try outcome.get()
            }
        }
    }

    private func ingest(
        _ bytes: [UInt8], _ diffID: OCI.Digest, into layers: Layers, portion: Int = 1000
    ) throws {
        let ingest = try #require(try layers.ingest(diffID))
        for start in stride(from: 0, to: bytes.count, by: portion) {
            try bytes[start..<min(start + portion, bytes.count)].withUnsafeBytes {
                try ingest.write($0)
            }
        }
        try ingest.finish()
    }

    @Test func `files, links and modes are those of the archive`() throws {
        var tar = TarBuilder()
        var directory = TarBuilder.Header("dir/", "5")
        (directory.mode, directory.modified) = (0o1777, 12345)
        tar.add(directory)
        var file = TarBuilder.Header("dir/file")
        (file.mode, file.data) = (0o4640, Array("hello".utf8))
        tar.add(file)
        tar.add(link: "dir/sym", to: "../dir/file", "2")
        tar.add(link: "hard", to: "dir/file", "1")
        try withLayer(tar) { layers, root in
            let status = try FileStatus(of: root.appending("dir"))
            #expect(status.permissions == 0o1777)
            #expect(status.modified.seconds == 12345)
            let file = try FileStatus(of: root.appending("dir/file"))
            #expect(file.permissions == 0o4640)
            #expect(file.modified.seconds == 1_000_000)
            #expect(file.linkCount == 2)
            #expect(try File.readText(root.appending("dir/sym")) == "hello")
            let record = try layers.record(of: ContentHasher.sha256(tar.archive))
            #expect(record.entries == 4)
            #expect(record.sizeInBytes == 5)
        }
    }

    @Test func `a directory that is replaced gives its mode to nobody`() throws {
        var tar = TarBuilder()
        tar.add(TarBuilder.Header("other/", "5"))
        var other = TarBuilder.Header("other/b/", "5")
        other.mode = 0o755
        tar.add(other)
        tar.add(TarBuilder.Header("a/", "5"))
        var directory = TarBuilder.Header("a/b/", "5")
        directory.mode = 0o700
        tar.add(directory)
        tar.add(link: "a", to: "other", "2")
        tar.add(TarBuilder.Header("c/d/", "5"))
        tar.add(link: "c", to: "/nowhere", "2")
        try withLayer(tar) { (_, root) throws in
            #expect(try FileStatus(of: root.appending("other/b")).permissions == 0o755)
            #expect(try Link.target(of: root.appending("c")) == "/nowhere")
        }
    }

    @Test func `a later member replaces an earlier one of another kind`() throws {
        var tar = TarBuilder()
        tar.add(file: "a/b/c", "deep")
        tar.add(link: "a", to: "other", "2")
        tar.add(file: "x", "old")
        tar.add(file: "x", "new")
        tar.add(link: "l", to: "x", "2")
        tar.add(file: "l", "own")
        try withLayer(tar) { (_, root) throws in
            #expect(try Link.target(of: root.appending("a")) == "other")
            #expect(try File.readText(root.appending("x")) == "new")
            #expect(try File.readText(root.appending("l")) == "own")
        }
    }

    @Test func `a relative link that stays inside is followed`() throws {
        var tar = TarBuilder()
        tar.add(file: "usr/lib/one", "1")
        tar.add(link: "lib", to: "usr/lib", "2")
        tar.add(file: "lib/two", "2")
        try withLayer(tar, asImage: []) { (_, root) throws in
            #expect(try File.readText(root.appending("usr/lib/two")) == "2")
        }
    }

    @Test func `a sparse file has its holes`() throws {
        var tar = TarBuilder()
        tar.add(pax: [("GNU.sparse.size", "1000000"), ("GNU.sparse.map", "500000,5")])
        tar.add(file: "f", "abcde")
        try withLayer(tar, asImage: [.composefs]) { (layers, root) throws in
            let status = try FileStatus(of: root.appending("f"))
            #expect(status.sizeInBytes == 1_000_000)
            let objects = layers.objects.directory
            let place = File.exists(objects) ? objects : root.appending("f")
            #expect(try Directory.treeUsage(place).allocatedInBytes < 100_000)
            let bytes = try #require(
                try LayerFiles([root]).read("/f", limitInBytes: 1_000_000))
            #expect(bytes[500_000..<500_005].elementsEqual("abcde".utf8))
        }
    }

    @Test func `whiteouts hide what is below, and never what the layer has itself`() throws {
        var tar = TarBuilder()
        tar.add(file: "dir/.wh.gone", "")
        tar.add(file: "own/file", "x")
        tar.add(file: ".wh.own", "")
        tar.add(file: "plain", "x")
        tar.add(file: ".wh.plain", "")
        tar.add(file: ".wh.again", "")
        tar.add(.init("again/", "5"))
        tar.add(file: "full/.wh..wh..opq", "")
        tar.add(file: ".wh..wh.aufs", "")
        try withLayer(tar) { (_, root) throws in
            let directory = try OpenDirectory(at: root)
            #expect(try FileStatus(ofLink: root.appending("dir/gone")).isWhiteout)
            #expect(try File.readText(root.appending("plain")) == "x")
            #expect(try File.readText(root.appending("own/file")) == "x")
            for (name, isOpaque) in [
                ("own", true), ("again", true), ("full", true), ("dir", false),
            ] {
                #expect(try directory.isOpaque(Array(name.utf8CString)) == isOpaque, "\(name)")
            }
            #expect(try Directory.list(root).count == 5)
            #expect(try Directory.list(root.appending("full")).isEmpty)
        }
    }

    @Test func `links share a file until one of them is replaced`() throws {
        var tar = TarBuilder()
        tar.add(file: "dir/a", "old")
        tar.add(link: "b", to: "dir/a", "1")
        tar.add(link: "c", to: "./dir//a", "1")
        tar.add(link: "dir/a", to: "dir/a", "1")
        tar.add(file: "dir/a", "new")
        tar.add(link: "d", to: "c", "1")
        tar.add(link: "taken", to: "nowhere", "2")
        tar.add(link: "taken", to: "b", "1")
        try withLayer(tar) { (_, root) throws in
            #expect(try File.readText(root.appending("dir/a")) == "new")
            let old = try FileStatus(of: root.appending("b"))
            #expect(old.linkCount == 4)
            for name in ["c", "d", "taken"] {
                #expect(try FileStatus(ofLink: root.appending(name)).identity == old.identity)
            }
        }
    }

    @Test func `a directory that comes again keeps its files and gets the new attributes`() throws {
        var tar = TarBuilder()
        tar.add(file: "a/b/file", "x")
        var directory = TarBuilder.Header("a/b/", "5")
        (directory.mode, directory.modified) = (0o2711, 99)
        tar.add(directory)
        tar.add(file: "gone/deep/file", "x")
        tar.add(file: "gone", "now a file")
        var root = TarBuilder.Header("./", "5")
        (root.mode, root.modified) = (0o1755, 77)
        tar.add(root)
        try withLayer(tar) { (_, root) throws in
            let status = try FileStatus(of: root.appending("a/b"))
            #expect(status.permissions == 0o2711)
            #expect(status.modified.seconds == 99)
            #expect(try File.readText(root.appending("a/b/file")) == "x")
            #expect(try FileStatus(of: root.appending("a")).permissions == 0o755)
            #expect(try File.readText(root.appending("gone")) == "now a file")
            #expect(try FileStatus(of: root).permissions == 0o1755)
            #expect(try FileStatus(of: root).modified.seconds == 77)
        }
    }

    @Test func `a layer that no image can hold is unpacked, and its archive removed`() throws {
        var tar = TarBuilder()
        tar.add(file: "before", String(repeating: "1", count: 3000))
        tar.add(pax: [("GNU.sparse.size", "2000"), ("GNU.sparse.map", "0,3,1000,2")])
        tar.add(file: "f", "abcde")
        tar.add(link: "lib", to: ".", "2")
        tar.add(file: "lib/after", "2")
        try withLayer(tar, asImage: []) { (_, root) throws in
            #expect(try File.readText(root.appending("before")).utf8.count == 3000)
            #expect(try File.readText(root.appending("after")) == "2")
            #expect(try FileStatus(of: root.appending("f")).sizeInBytes == 2000)
            let names = try Directory.list(root.removingLastComponent()).map(\.name.string)
            #expect(names.sorted() == ["diff", "layer.json"])
        }
    }

    @Test(arguments: SnapshotterChoice.here)
    func `what only a file system can judge is refused in either way`(
        choice: SnapshotterChoice
    ) throws {
        try withTemporaryDirectory { root in
            var layers = try Layers(root: root)
            layers.snapshotter = choice
            var tar = TarBuilder()
            tar.add(pax: [("SCHILY.xattr.security.capability", "no such value")])
            tar.add(file: "f", "x")
            #expect(throws: Problem.self) {
                try ingest(tar.archive, ContentHasher.sha256(tar.archive), into: layers)
            }
            #expect(try Directory.list(root.appending("layers/sha256")).isEmpty)
        }
    }

    @Test(arguments: HostileArchive.all, SnapshotterChoice.here)
    func `an archive that leaves its root is refused and leaves nothing`(
        hostile: HostileArchive, choice: SnapshotterChoice
    ) throws {
        try withTemporaryDirectory { root in
            var layers = try Layers(root: root)
            layers.snapshotter = choice
            let outside = root.appending("outside")
            try File.create(outside, content: [1], permissions: .ownerReadWrite)
            let archive = hostile.tar.archive
            #expect(throws: Problem.self) {
                try ingest(archive, ContentHasher.sha256(archive), into: layers)
            }
            #expect(try Directory.list(root.appending("layers/sha256")).isEmpty)
            #expect(try Directory.list(root).count == 2)
            #expect(try File.read(outside) == [1])
            #expect(!File.exists("/tmp/kade-evil"))
        }
    }

    @Test func `a wrong diffID is refused and leaves nothing`() throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            var tar = TarBuilder()
            tar.add(file: "a", "x")
            let other = ContentHasher.sha256([1, 2, 3])
            let problem = try #require(throws: Problem.self) {
                try ingest(tar.archive, other, into: layers)
            }
            #expect(problem.kind == .corrupt)
            #expect(try Directory.list(root.appending("layers/sha256")).isEmpty)
        }
    }

    @Test func `a dropped ingest leaves nothing, and the next one succeeds`() throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            var tar = TarBuilder()
            tar.add(file: "a", String(repeating: "x", count: 100_000))
            let diffID = ContentHasher.sha256(tar.archive)
            try {
                let ingest = try #require(try layers.ingest(diffID))
                try tar.archive[..<5000].withUnsafeBytes { try ingest.write($0) }
            }()
            #expect(try Directory.list(root.appending("layers/sha256")).isEmpty)
            try ingest(tar.archive, diffID, into: layers)
            #expect(layers.contains(diffID))
            #expect(try layers.ingest(diffID) == nil)
            #expect(try layers.list() == [diffID])
            try layers.remove(diffID)
            #expect(try layers.list().isEmpty)
        }
    }

    @Test(.enabled(if: SnapshotterChoice.here.contains(.erofs)))
    func `a removal that was cut off is finished, with what is mounted`() throws {
        try withTemporaryDirectory { root in
            var layers = try Layers(root: root)
            layers.snapshotter = .erofs
            var tar = TarBuilder()
            tar.add(file: "a", "x")
            let diffID = ContentHasher.sha256(tar.archive)
            try ingest(tar.archive, diffID, into: layers)
            let place = try layers.show(diffID).removingLastComponent()
            // Its process died between the two halves of remove(_:).
            let removed = FilePath("\(place).removed-0123")
            try Link.rename(place, to: removed)
            #expect(try File.readText(removed.appending("diff/a")) == "x")
            try layers.sweep()
            #expect(try Directory.list(root.appending("layers/sha256")).isEmpty)
            #expect(!(try File.readText("/proc/self/mountinfo").contains(root.string)))
        }
    }

    @Test func `the leftovers of a dead process are swept`() throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            let left = root.appending("layers/sha256/0123.partial")
            try Directory.makeAll(left.appending("diff/a/b"), permissions: .ownerReadWriteExecute)
            var tar = TarBuilder()
            tar.add(file: "a", "x")
            try ingest(tar.archive, ContentHasher.sha256(tar.archive), into: layers)
            #expect(!File.exists(left))
        }
    }
}
