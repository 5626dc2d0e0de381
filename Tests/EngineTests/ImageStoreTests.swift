import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@testable import Engine

@Suite struct ImageStoreTests {
    /// While images are listed, another command may remove one, and its blobs with it.
    @Test func `an image that is removed meanwhile is no damage`() throws {
        let root = FilePath("/tmp/kade-images-\(Random.hexadecimal(bytes: 8))")
        try Directory.make(root, permissions: .ownerReadWriteExecute)
        defer { try? Directory.removeTree(root) }  // best effort
        let store = try ImageStore(root: root)
        let manifest = Array(
            """
            {"schemaVersion":2,"config":{"mediaType":"text/plain","digest":"sha256:\
            \(String(repeating: "a", count: 64))","size":1},"layers":[]}
            """.utf8)
        let digest = try store.content.store(manifest)
        let name = try ImageReference(parsing: "some:1")
        try store.content.references.set(
            name,
            to: Descriptor(
                mediaType: .manifest, digest: digest, size: Int64(manifest.count)))
        let entry = try #require(try store.content.references.list().first)
        #expect(try store.presentImage(of: entry)?.manifestDigest == digest)
        #expect(try store.images().count == 1)

        try Link.remove(root.appending("image/blobs/sha256").appending(digest.encoded))
        #expect(throws: Problem.self) { try store.presentImage(of: entry) }
        #expect(throws: Problem.self) { try store.images() }

        _ = try store.content.references.remove(name)
        #expect(try store.presentImage(of: entry) == nil)
        #expect(try store.images().isEmpty)
    }
}
