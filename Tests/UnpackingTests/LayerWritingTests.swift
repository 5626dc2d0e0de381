import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@testable import Unpacking

@Suite struct LayerWritingTests {
    /// A store, and a directory that stands for an overlay's upper one.
    private struct Place {
        let root: FilePath
        let store: ContentStore
        let layers: Layers

        init(_ root: FilePath) throws {
            self.root = root
            store = try ContentStore(root: root)
            layers = try Layers(root: root)
            try Directory.makeAll(root.appending("upper"), permissions: .usual)
            try Directory.makeAll(root.appending("lower"), permissions: .usual)
        }

        func write(_ path: String, _ text: String) throws {
            let path = root.pushing(FilePath(path))
            try Directory.makeAll(path.removingLastComponent(), permissions: .usual)
            try File.create(path, content: Array(text.utf8), permissions: .ownerReadWrite)
            let file = try OwnedFD.open(path, .readOnly)
            try file.setModified(FileTime(seconds: 1_700_000_000, nanoseconds: 5))
        }

        func layer(
            _ compression: LayerCompression = .uncompressed, latestTime: FileTime? = .epoch
        ) throws -> NewLayer {
            let lease = try store.lease()
            defer { withExtendedLifetime(lease) {} }
            return try store.writeLayer(
                of: .overlay(
                    OverlayMount(
                        lower: [root.appending("lower")], upper: root.appending("upper"),
                        work: nil)),
                LayerOptions(
                    compression: compression, latestTime: latestTime,
                    withoutMountPoints: RuntimeMountPoints.paths, ownersIn: nil), into: layers,
                under: lease)
        }

        func members(of layer: NewLayer) throws -> [TarEntry] {
            let source = FileSource(try store.open(layer.descriptor.digest), named: "the blob")
            var reader = TarReader(try decompressed(source, limit: .none))
            var entries: [TarEntry] = []
            while let entry = try reader.nextEntry() { entries.append(entry) }
            return entries
        }

        func names(of layer: NewLayer) throws -> [String] {
            try members(of: layer).map(\.displayName)
        }
    }

    @Test func `names come sorted by their bytes, a directory before its content`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            for name in ["b/z", "b/a", "b-c", "a", "ä", "B"] {
                try place.write("upper/\(name)", name)
            }
            let layer = try place.layer()
            #expect(
                try place.names(of: layer) == ["B", "a", "b/", "b/a", "b/z", "b-c", "ä"])
            #expect(layer.tally.entries == 7)
            #expect(layer.descriptor.digest == layer.diffID)
            #expect(layer.descriptor.mediaType == .layer)
            #expect(place.layers.contains(layer.diffID))
            let copy = place.layers.path(of: layer.diffID).appending("b/z")
            #expect(try File.readText(copy) == "b/z")
        }
    }

    @Test(arguments: [LayerCompression.gzip, .zstd])
    func `a compressed layer has the diffID of the plain one`(
        compression: LayerCompression
    ) throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("upper/f", String(repeating: "text ", count: 200_000))
            let plain = try place.layer()
            let packed = try place.layer(compression)
            #expect(packed.diffID == plain.diffID)
            #expect(packed.descriptor.digest != plain.descriptor.digest)
            #expect(packed.descriptor.mediaType.layerCompression == compression)
            #expect(packed.descriptor.size < 100_000)
            #expect(try place.members(of: packed) == place.members(of: plain))
        }
    }

    @Test func `times past the latest are that one, and the same files give the same layer`() throws
    {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("upper/dir/f", "1")
            let first = try place.layer()
            #expect(try place.members(of: first).map(\.modified) == [.epoch, .epoch])
            try Directory.removeTree(root.appending("upper"))
            try place.write("upper/dir/f", "1")
            #expect(try place.layer().diffID == first.diffID)
            let own = try place.layer(latestTime: nil)
            #expect(
                try place.members(of: own).last?.modified
                    == FileTime(seconds: 1_700_000_000, nanoseconds: 5))
        }
    }

    @Test func `all names of a file but the first are hard links`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("upper/m", "12345")
            for name in ["a", "z"] {
                try Link.makeHard(
                    at: root.appending("upper").appending(name), to: root.appending("upper/m"))
            }
            let layer = try place.layer()
            let members = try place.members(of: layer)
            #expect(members.map(\.kind) == [.file, .hardLink, .hardLink])
            #expect(members[2].linkTarget == Array("a".utf8))
            #expect(layer.tally.dataInBytes == 5)
            let copy = place.layers.path(of: layer.diffID).appending("z")
            #expect(try FileStatus(of: copy).linkCount == 3)
        }
    }

    @Test func `an empty upper directory gives a layer without entries`() throws {
        try withTemporaryDirectory { root in
            let layer = try Place(root).layer()
            #expect(layer.tally == ArchiveTally())
            #expect(layer.descriptor.size == 1024)
        }
    }

    @Test func `what was made to mount on is left out, and what changed by that alone`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("lower/etc/passwd", "root")
            try place.write("lower/sbin/init", "")
            for name in ["etc/hosts", "etc/hostname", "sbin/docker-init"] {
                try place.write("upper/\(name)", "")
            }
            for name in ["dev/pts", "proc", "sys/fs/cgroup", "other/dev"] {
                try Directory.makeAll(
                    root.appending("upper").pushing(FilePath(name)), permissions: .usual)
            }
            #expect(try place.names(of: place.layer()) == ["other/", "other/dev/"])
            try place.write("upper/etc/own", "1")
            try place.write("upper/etc/hosts", "127.0.0.1 localhost")
            try place.write("upper/dev/pts/own", "")
            #expect(
                try place.names(of: place.layer()) == [
                    "dev/", "dev/pts/", "dev/pts/own", "etc/", "etc/hosts", "etc/own", "other/",
                    "other/dev/",
                ])
        }
    }

    @Test func `a name that a layer cannot hold is refused`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("upper/dir/.wh.file", "")
            let problem = try #require(throws: Problem.self) { try place.layer() }
            #expect(problem.kind == .unsupported)
            #expect(try place.layers.list().isEmpty)
        }
    }

    @Test func `a full tree shows each name once, from its uppermost layer`() throws {
        try withTemporaryDirectory { root in
            let place = try Place(root)
            try place.write("lower/both", "old")
            try place.write("lower/dir/low", "low")
            try place.write("upper/both", "new")
            try place.write("upper/dir/up", "up")
            let output = try OwnedFD.open(
                root.appending("out.tar"), [.readWrite, .create], permissions: .ownerReadWrite)
            let tally = try TreeArchive(
                layers: [root.appending("upper"), root.appending("lower")], latestTime: nil,
                ownersIn: nil
            ).write(to: output, named: "out.tar")
            #expect(tally.entries == 4)
            try output.seek(toOffsetInBytes: 0)
            var reader = TarReader(FileSource(output, named: "out.tar"))
            var names: [String] = []
            while let entry = try reader.nextEntry() {
                names.append(entry.displayName)
                guard entry.kind == .file else { continue }
                let text = String(
                    decoding: try reader.readAllData(limitInBytes: 10), as: UTF8.self)
                #expect(
                    ["both": "new", "dir/low": "low", "dir/up": "up"][entry.displayName] == text)
            }
            #expect(names == ["both", "dir/", "dir/low", "dir/up"])
        }
    }
}

extension FilePermissions {
    fileprivate static let usual = FilePermissions(rawValue: 0o755)
}

extension FileTime {
    fileprivate static let epoch = FileTime(seconds: 1_000_000_000, nanoseconds: 0)
}
