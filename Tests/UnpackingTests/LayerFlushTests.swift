import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import Storage
@testable import Unpacking

/// What is left of layers when the machine goes down: see ``Layers/flush()``.
///
/// Another boot is played by opening the same directory with another boot's ID, and what the disk
/// did not get by damaging what is there.
@Suite struct LayerFlushTests {
    private static let configuration = ImageConfiguration(
        architecture: "amd64", os: "linux", rootfs: .init(diffIDs: []))

    /// A store with an image of one layer, which holds the file `a` with the text "whole".
    private struct Store {
        let root: FilePath
        let content: ContentStore
        let layers: Layers
        let diffID: OCI.Digest
        let descriptor: Descriptor

        init(in root: FilePath, _ choice: SnapshotterChoice) throws {
            self.root = root
            content = try ContentStore(root: root)
            var layers = try Layers(root: root, boot: "first")
            layers.snapshotter = choice
            self.layers = layers
            var tar = TarBuilder()
            tar.add(file: "a", "whole")
            diffID = ContentHasher.sha256(tar.archive)
            let archive = root.appending("image.tar")
            try File.create(archive, content: tar.archive, permissions: .ownerReadWrite)
            descriptor = try RootfsImport(store: content, layers: layers).run(
                from: OwnedFD.open(archive, .readOnly), named: "image.tar",
                configuration: configuration, as: ImageReference(parsing: "image:1"))
        }

        var file: FilePath { layers.path(of: diffID).appending("a") }
        var record: FilePath { layers.place(of: diffID).appending("layer.json") }
        /// The layers as the next boot sees them.
        func nextBoot() throws -> Layers { try Layers(root: root, boot: "second") }

        func change(_ file: FilePath, to text: String) throws {
            try File.create(file, content: Array(text.utf8), permissions: .ownerReadWrite)
        }
    }

    private func withStore(
        _ choice: SnapshotterChoice = .directory, _ body: (Store) throws -> Void
    ) throws {
        try withTemporaryDirectory { try body(Store(in: $0, choice)) }
    }

    @Test(arguments: SnapshotterChoice.here)
    func `a layer is there at once, and for the next boot after a flush`(
        choice: SnapshotterChoice
    ) throws {
        try withStore(choice) { store in
            #expect(store.layers.contains(store.diffID))
            #expect(try store.layers.needsFlush())
            #expect(!(try store.nextBoot().contains(store.diffID)))
            try store.layers.flush()
            #expect(store.layers.contains(store.diffID))
            #expect(try store.nextBoot().contains(store.diffID))
            #expect(!(try store.layers.needsFlush()))
            #expect(try store.layers.record(of: store.diffID).entries == 1)
        }
    }

    @Test func `a flush of the next boot does not vouch for what was lost before it`() throws {
        try withStore { store in
            let layers = try store.nextBoot()
            #expect(!(try layers.needsFlush()))
            try layers.flush()
            #expect(!layers.contains(store.diffID))
        }
    }

    @Test(arguments: SnapshotterChoice.here)
    func `an image that was not flushed is written again from its blob`(
        choice: SnapshotterChoice
    ) throws {
        try withStore(choice) { store in
            // The disk did not get the files that say where the data is, and what it is.
            for name in ["archive.tar", "image.erofs", "diff/a"] {
                let file = store.layers.place(of: store.diffID).appending(name)
                guard File.exists(file) else { continue }
                // The blob, which is on the disk, may have the same file.
                try Link.remove(file)
                try File.create(file, content: [], permissions: .ownerReadWrite)
            }
            var layers = try store.nextBoot()
            layers.snapshotter = choice
            try store.content.restore([store.diffID], in: layers)
            try layers.show(store.diffID)
            let text = try File.readText(store.file)
            try layers.remove(store.diffID)  // or it would stay mounted
            #expect(text == "whole")
        }
    }

    @Test func `a flush passes over layers that were removed meanwhile`() throws {
        let nowhere: FilePath = "/tmp/kade-no-such-layer"
        try ErofsSnapshotter().synchronize([nowhere], in: "/tmp")
    }

    @Test func `a layer that was not flushed is unpacked again from its blob`() throws {
        try withStore { store in
            try store.change(store.file, to: "")  // its bytes never reached the disk
            let layers = try store.nextBoot()
            try store.content.restore([store.diffID], in: layers)
            #expect(layers.contains(store.diffID))
            #expect(try File.readText(store.file) == "whole")
            #expect(try layers.list() == [store.diffID])
            #expect(try Directory.list(layers.directory.appending("sha256")).count == 1)
        }
    }

    @Test func `a record that the disk has in part makes no layer`() throws {
        try withStore { store in
            try store.layers.flush()
            let whole = try File.readText(store.record)
            for length in 0..<whole.utf8.count {
                try store.change(store.record, to: String(whole.prefix(length)))
                #expect(!store.layers.contains(store.diffID), "the first \(length) bytes")
                let zeros = String(repeating: "\0", count: whole.utf8.count - length)
                try store.change(store.record, to: whole.prefix(length) + zeros)
                #expect(!store.layers.contains(store.diffID), "zeros after \(length) bytes")
            }
            try Link.remove(store.record)
            #expect(!store.layers.contains(store.diffID))
            try store.content.restore([store.diffID], in: store.layers)
            #expect(try File.readText(store.file) == "whole")
        }
    }

    @Test func `a layer that the disk refused is not there`() throws {
        try withStore { store in
            let whole = try File.readText(store.record)
            #expect(whole.hasSuffix(#""flushed":0}"#))
            try store.change(store.record, to: whole.dropLast(2) + "2}")
            #expect(!store.layers.contains(store.diffID))
            #expect(!(try store.layers.needsFlush()))
        }
    }

    @Test func `a record without a boot is that of a layer on the disk`() throws {
        try withStore { store in
            let old =
                #"{"diffID":"\#(store.diffID)","archiveInBytes":1,"sizeInBytes":5,"entries":1}"#
            try store.change(store.record, to: old)
            #expect(try store.nextBoot().contains(store.diffID))
        }
    }

    @Test func `nothing is mounted on a layer that is not whole`() throws {
        try withStore { store in
            // The present boot is neither of the two, as after a restart of the machine.
            let problem = try #require(throws: Problem.self) {
                try Snapshots(root: store.root).prepare(container: "c1", layers: [store.diffID])
            }
            #expect(problem.kind == .notFound)
        }
    }

    @Test func `a layer without a blob is an error that names it`() throws {
        try withStore { store in
            try store.content.references.removeAll(of: store.descriptor.digest)
            let problem = try #require(throws: Problem.self) {
                try store.content.restore([store.diffID], in: store.nextBoot())
            }
            #expect(problem.kind == .notFound)
            #expect(problem.what.contains("\(store.diffID)"))
        }
    }

    @Test func `a layer is flushed before the last blob of it goes`() throws {
        try withStore { store in
            try store.content.references.removeAll(of: store.descriptor.digest)
            let garbage = try store.content.collectGarbage(
                layers: store.layers, usedLayers: [store.diffID], now: 0)
            #expect(garbage.blobs.contains(store.diffID))  // the layer's archive is not compressed
            #expect(try store.nextBoot().contains(store.diffID))
        }
    }
}
