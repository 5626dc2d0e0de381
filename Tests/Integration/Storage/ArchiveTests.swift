import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing
import Unpacking

/// skopeo reads our store, and we read what skopeo saves.
@Suite(.enabled(if: isRoot)) struct ArchiveTests {
    private struct Store {
        let root: FilePath
        let content: ContentStore
        let layers: Layers

        init(_ path: String) throws(Problem) {
            root = FilePath(path)
            content = try ContentStore(root: root)
            layers = try Layers(root: root)
        }

        func load(_ archive: String) throws(Problem) -> [ImageArchive.Image] {
            try ImageArchive(store: content, layers: layers, platforms: [], choice: nil).load(
                from: FilePath(archive)
            ) { _ in }
        }
    }

    /// A store with an imported image, `example.com/imported:1`.
    private func makeStore(in folder: TemporaryFolder) throws -> Store {
        let store = try Store(folder.at("data"))
        try Tool.check(
            "sh", "-ec",
            "mkdir \(folder.at("rootfs")) && echo hello > \(folder.at("rootfs/hello")) && "
                + "tar --mtime=@0 -C \(folder.at("rootfs")) -czf \(folder.at("rootfs.tar.gz")) .")
        try importRootfs(from: folder, into: store)
        return store
    }

    @discardableResult
    private func importRootfs(
        from folder: TemporaryFolder, into store: Store
    ) throws -> Descriptor {
        let file = try OwnedFD.open(FilePath(folder.at("rootfs.tar.gz")), .readOnly)
        return try RootfsImport(store: store.content, layers: store.layers).run(
            from: file, named: "rootfs.tar.gz",
            configuration: ImageConfiguration(
                architecture: "amd64", os: "linux", rootfs: .init()),
            as: try ImageReference(parsing: "example.com/imported:1"))
    }

    @Test func `the same archive is imported as the same image`() throws {
        let folder = try TemporaryFolder()
        let store = try makeStore(in: folder)
        let again = try importRootfs(from: folder, into: store)
        #expect(try store.content.references.list().map(\.descriptor) == [again])
    }

    @Test(
        arguments: ["docker-archive", "oci-archive", "oci"], ["cat", "gzip", "zstd", "xz", "bzip2"])
    func `what skopeo saves of our store is loaded again`(
        format: String, compression: String
    ) throws {
        if format == "oci", compression != "cat" { return }
        let folder = try TemporaryFolder()
        let store = try makeStore(in: folder)
        let saved = folder.at("saved")
        try Tool.check(
            "skopeo", "copy", "oci:\(store.content.layout):example.com/imported:1",
            "\(format):\(saved):example.org/copy:2")
        var archive = saved
        if format != "oci" {
            archive += ".compressed"
            try Tool.check("sh", "-ec", "\(compression) < \(saved) > \(archive)")
        }
        let target = try Store(folder.at("other"))
        let images = try target.load(archive)
        #expect(images.map { $0.references.map(\.description) } == [["example.org/copy:2"]])
        let diffIDs = try target.layers.list()
        #expect(try diffIDs == store.layers.list())
        let diffID = try #require(diffIDs.first)
        let hello = target.layers.path(of: diffID).appending("hello")
        #expect(try File.readText(hello) == "hello\n")
        let inspected = try Tool.check(
            "skopeo", "inspect", "--raw", "oci:\(target.content.layout):example.org/copy:2")
        #expect(inspected.contains(try #require(images.first).descriptor.mediaType.rawValue))
    }

    @Test func `an archive comes through a pipe`() throws {
        let folder = try TemporaryFolder()
        let store = try makeStore(in: folder)
        try Tool.check(
            "skopeo", "copy", "oci:\(store.content.layout):example.com/imported:1",
            "docker-archive:\(folder.at("saved")):example.org/copy:2")
        try Tool.check("mkfifo", folder.at("pipe"))
        let writer = try Tool.start(
            ["sh", "-c", "cat \(folder.at("saved")) > \(folder.at("pipe"))"])
        let images = try Store(folder.at("other")).load(folder.at("pipe"))
        #expect(images.count == 1)
        #expect(try writer.wait().exitCode == 0)
    }

    @Test func `a damaged archive names nothing`() throws {
        let folder = try TemporaryFolder()
        let store = try makeStore(in: folder)
        try Tool.check(
            "skopeo", "copy", "oci:\(store.content.layout):example.com/imported:1",
            "oci:\(folder.at("saved")):example.org/copy:2")
        try Tool.check(
            "sh", "-ec",
            "for f in \(folder.at("saved"))/blobs/sha256/*; do "
                + "[ $(head -c 2 $f | xxd -p) = 1f8b ] || continue; "
                + "printf X | dd of=$f bs=1 seek=40 conv=notrunc 2>/dev/null; done")
        let target = try Store(folder.at("other"))
        #expect(throws: Problem.self) { try target.load(folder.at("saved")) }
        #expect(try target.content.references.list().isEmpty)
        #expect(try target.layers.list().isEmpty)
    }

    @Test func `removing the last name frees blobs and layers, except those in use`() throws {
        let folder = try TemporaryFolder()
        let store = try makeStore(in: folder)
        let used = Set(try store.layers.list())
        try store.content.references.remove(try ImageReference(parsing: "example.com/imported:1"))
        let first = try store.content.collectGarbage(
            layers: store.layers, usedLayers: used, now: 0)
        #expect(first.blobs.count == 3)
        #expect(first.layers.isEmpty)
        let second = try store.content.collectGarbage(
            layers: store.layers, usedLayers: [], now: 0)
        #expect(Set(second.layers) == used)
        #expect(try Tool.check("find", store.root.string, "-path", "*blobs/*/*") == "")
    }
}
