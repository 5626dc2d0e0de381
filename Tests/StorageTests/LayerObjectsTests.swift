import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import Storage

/// Files that layers share, without any layer's image: that needs root.
@Suite struct LayerObjectsTests {
    /// Stores a text for a layer that is being unpacked in a directory.
    private func store(_ text: String, for place: String, in layers: Layers) throws -> OCI.Digest {
        let place = layers.directory.appending("sha256").appending(place)
        try Directory.makeAll(place, permissions: .ownerReadWriteExecute)
        let list = try layers.objects.beginList(in: place)
        var draft = try layers.objects.begin()
        try Array(text.utf8).withUnsafeBytes { try draft.write($0) }
        try draft.writeGap(3)
        return try draft.finish(listing: list)
    }

    private func read(_ digest: OCI.Digest, in layers: Layers) throws -> String {
        try File.readText(layers.objects.path(of: digest))
    }

    @Test func `an object is named by its content, gaps included, and is there once`() throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            let first = try store("text", for: "a.partial", in: layers)
            #expect(first == ContentHasher.sha256(Array("text\0\0\0".utf8)))
            #expect(try read(first, in: layers) == "text\0\0\0")
            let before = try FileStatus(of: layers.objects.path(of: first))
            #expect(before.permissions == 0o400)
            #expect(try store("text", for: "b.partial", in: layers) == first)
            let after = try FileStatus(of: layers.objects.path(of: first))
            #expect(after.identity == before.identity && after.linkCount == 1)
            #expect(layers.objects.fault(of: first) == nil)
        }
    }

    @Test(arguments: ["texX\0\0\0", "te", ""])
    func `an object that is damaged is replaced and not shared`(damage: String) throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            let digest = try store("text", for: "a.partial", in: layers)
            let path = layers.objects.path(of: digest)
            try Link.remove(path)
            try File.create(path, content: Array(damage.utf8), permissions: .ownerRead)
            #expect(layers.objects.fault(of: digest) == "has other content")
            _ = try store("text", for: "b.partial", in: layers)
            #expect(layers.objects.fault(of: digest) == nil)
            #expect(try Directory.list(path.removingLastComponent()).count == 1)
        }
    }

    @Test func `the collector keeps what layers list, unpacked or not`() throws {
        try withTemporaryDirectory { root in
            let layers = try Layers(root: root)
            let kept = try store("kept", for: "a.partial", in: layers)
            let gone = try store("gone", for: "b.partial", in: layers)
            let torn = layers.objects.path(of: gone).removingLastComponent().appending("x.1234")
            try File.create(torn, content: [1], permissions: .ownerRead)
            try Directory.removeTree(layers.directory.appending("sha256/b.partial"))
            #expect(try layers.collectObjects(without: [], removes: false) == 8)
            #expect(File.exists(torn))
            #expect(try layers.collectObjects(without: [], removes: true) == 8)
            #expect(File.exists(layers.objects.path(of: kept)))
            #expect(!File.exists(layers.objects.path(of: gone)))
            #expect(!File.exists(torn))
        }
    }
}
