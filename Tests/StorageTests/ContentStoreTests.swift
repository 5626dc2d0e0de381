import Diagnostics
import Linux
import OCI
import SystemPackage
import Testing

@testable import Storage

@Suite struct ContentStoreTests {
    private func digest(_ text: String) -> OCI.Digest { ContentHasher.sha256(Array(text.utf8)) }

    private func writer(
        for text: String, in store: ContentStore
    ) throws -> BlobWriter {
        let writer = try store.writer(for: digest(text), sizeInBytes: Int64(text.utf8.count))
        guard let writer else {
            throw Problem(kind: .bug, what: "cannot write \(text)", why: "it is there already")
        }
        return writer
    }

    @Test func `what is stored is read back, and a second time nothing is written`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let digest = try store.store(Array("content".utf8))
            #expect(digest == self.digest("content"))
            #expect(try store.read(digest, limitInBytes: 100) == Array("content".utf8))
            #expect(try store.store(Array("content".utf8)) == digest)
            let second = try store.writer(for: digest, sizeInBytes: 7)
            if second != nil { Issue.record("it would be written again") }
        }
    }

    @Test func `content that is named by another algorithm is refused`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let digest = try Digest(parsing: "blake3:" + String(repeating: "a", count: 64))
            let problem = #expect(throws: Problem.self) {
                _ = try store.writer(for: digest, sizeInBytes: 1)
            }
            #expect(problem?.kind == .unsupported)
            #expect(problem?.why.contains("blake3") == true)
        }
    }

    @Test func `an interrupted blob goes on where it stopped`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let digest = digest("one two three")
            var first: BlobWriter? = try self.writer(for: "one two three", in: store)
            try first?.write(Array("one ".utf8))
            first = nil
            var writer = try self.writer(for: "one two three", in: store)
            #expect(writer.offsetInBytes == 4)
            try writer.write(Array("two three".utf8))
            try writer.commit()
            #expect(try store.read(digest, limitInBytes: 100) == Array("one two three".utf8))
        }
    }

    @Test func `a blob of another digest is refused and removed`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let digest = digest("right")
            var writer = try self.writer(for: "right", in: store)
            try writer.write(Array("wrong".utf8))
            do throws(Problem) {
                try writer.commit()
                Issue.record("it was accepted")
            } catch {
                #expect(error.kind == .corrupt)
            }
            #expect(!store.contains(digest))
            let again = try self.writer(for: "right", in: store)
            #expect(again.offsetInBytes == 0)
        }
    }

    @Test func `a blob longer than its descriptor is refused`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            var writer = try self.writer(for: "abc", in: store)
            do throws(Problem) {
                try writer.write(Array("abcd".utf8))
                Issue.record("it was accepted")
            } catch {
                #expect(error.kind == .corrupt)
            }
        }
    }

    @Test func `who asks for content and gets it need not look first`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let digest = digest("content")
            #expect(try store.readIfHere(digest, limitInBytes: 100) == nil)
            #expect(try store.documentIfHere(digest) == nil)
            #expect(try store.sizeInBytes(of: digest) == nil)
            let problem = try #require(throws: Problem.self) {
                try store.read(digest, limitInBytes: 100)
            }
            #expect(problem.kind == .notFound)
            try store.store(Array("content".utf8))
            #expect(try store.readIfHere(digest, limitInBytes: 100) == Array("content".utf8))
            #expect(try store.documentIfHere(digest) == Array("content".utf8))
            #expect(try store.sizeInBytes(of: digest) == 7)
        }
    }

    @Test func `content that was damaged on disk is not given out`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let digest = try store.store(Array("content".utf8))
            try File.create(
                store.path(of: digest), content: Array("CONTENT".utf8),
                permissions: .ownerReadWrite)
            let problem = try #require(throws: Problem.self) {
                try store.read(digest, limitInBytes: 100)
            }
            #expect(problem.kind == .corrupt)
        }
    }

    @Test func `the layout says its version`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let text = try File.readText(store.layout.appending("oci-layout"))
            #expect(text == #"{"imageLayoutVersion":"1.0.0"}"#)
            // What a power cut may leave of it is made whole.
            let file = store.layout.appending("oci-layout")
            try File.create(file, content: [], permissions: .storeFile)
            _ = try ContentStore(root: root)
            #expect(try File.readText(file) == text)
        }
    }
}

@Suite struct ReferencesTests {
    private func descriptor(_ text: String) -> Descriptor {
        Descriptor(mediaType: .manifest, digest: ContentHasher.sha256(Array(text.utf8)), size: 1)
    }

    @Test func `a moved name leaves the old image without one`() throws {
        try withTemporaryDirectory { root in
            let references = try ContentStore(root: root).references
            let name = try ImageReference(parsing: "debian:12")
            try references.set(name, to: descriptor("old"))
            try references.set(name, to: descriptor("new"))
            #expect(try references.descriptor(of: name) == descriptor("new"))
            #expect(
                try references.list() == [
                    .init(name: "docker.io/library/debian:12", descriptor: descriptor("new")),
                    .init(name: nil, descriptor: descriptor("old")),
                ])
        }
    }

    @Test func `a name is given, taken away, and an unnamed image gets one`() throws {
        try withTemporaryDirectory { root in
            let references = try ContentStore(root: root).references
            let (one, two) = (
                try ImageReference(parsing: "one:1"), try ImageReference(parsing: "two:2")
            )
            try references.keep(descriptor("image"))
            try references.set(one, to: descriptor("image"))
            try references.set(two, to: descriptor("image"))
            #expect(try references.list().compactMap(\.name).count == 2)
            #expect(try references.remove(one) == descriptor("image"))
            #expect(try references.remove(one) == nil)
            try references.removeAll(of: descriptor("image").digest)
            #expect(try references.list().isEmpty)
        }
    }

    @Test func `what was named or moved meanwhile is not removed`() throws {
        try withTemporaryDirectory { root in
            let references = try ContentStore(root: root).references
            let name = try ImageReference(parsing: "one:1")
            try references.keep(descriptor("image"))
            try references.set(name, to: descriptor("image"))
            try references.removeNameless(descriptor("image").digest)
            #expect(try references.list().map(\.name) == ["docker.io/library/one:1"])
            #expect(try !references.remove(name, ifNaming: descriptor("other").digest))
            #expect(try references.remove(name, ifNaming: descriptor("image").digest))
            try references.keep(descriptor("image"))
            try references.removeNameless(descriptor("image").digest)
            #expect(try references.list().isEmpty)
        }
    }

    @Test func `a translation follows its image through names, and is no entry`() throws {
        try withTemporaryDirectory { root in
            let references = try ContentStore(root: root).references
            let (one, two) = (
                try ImageReference(parsing: "one:1"), try ImageReference(parsing: "two:2")
            )
            let image = Descriptor(
                mediaType: .dockerManifest, digest: descriptor("image").digest, size: 1)
            try references.set(one, to: image, translation: descriptor("translation"))
            try references.set(two, to: image)
            #expect(try references.list().map(\.descriptor) == [image, image])
            #expect(try references.list().map(\.translation).allSatisfy { $0 != nil })
            func namesInFile() throws -> [String?] {
                let text = try File.read(root.appending("image/index.json"))
                let index = try ImageIndex(json: text, named: "index.json")
                return index.manifests.filter { $0.mediaType == .manifest }
                    .map { $0.annotations["org.opencontainers.image.ref.name"] }
            }
            #expect(try namesInFile() == ["\(one)", "\(two)"])
            try references.remove(one)
            #expect(try namesInFile() == ["\(two)"])
            try references.removeAll(of: image.digest)
            #expect(try namesInFile().isEmpty)
        }
    }

    @Test func `annotations of a descriptor stay`() throws {
        try withTemporaryDirectory { root in
            let references = try ContentStore(root: root).references
            var annotated = descriptor("image")
            annotated.annotations = ["a": "b"]
            try references.set(try ImageReference(parsing: "x:1"), to: annotated)
            #expect(try references.list().first?.descriptor == annotated)
        }
    }
}

@Suite struct GarbageTests {
    @Test func `what a reference, a lease or a container needs stays, and all else goes`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let layers = try Layers(root: root)
            let config = try store.store(Array("{}".utf8))
            let layer = try store.store(Array("layer".utf8))
            let manifest = Manifest(
                schemaVersion: 2,
                config: Descriptor(mediaType: .empty, digest: config, size: 2),
                layers: [Descriptor(mediaType: .layer, digest: layer, size: 5)])
            let bytes = manifest.json()
            let digest = try store.store(bytes)
            let child = Descriptor(mediaType: .manifest, digest: digest, size: Int64(bytes.count))
            let index = ImageIndex(schemaVersion: 2, mediaType: .index, manifests: [child])
            let indexDigest = try store.store(index.json())
            let name = try ImageReference(parsing: "image:1")
            try store.references.set(
                name, to: Descriptor(mediaType: .index, digest: indexDigest, size: 1))
            let loose = try store.store(Array("loose".utf8))
            let leased = try store.store(Array("leased".utf8))
            let lease = try store.lease()
            try lease.protect([leased])
            func collect() throws -> Set<OCI.Digest> {
                Set(try store.collectGarbage(layers: layers, usedLayers: [], now: 0).blobs)
            }
            #expect(try collect() == [loose])
            try store.references.remove(name)
            #expect(try collect() == [config, layer, digest, indexDigest])
            #expect(store.contains(leased))
            _ = consume lease
            #expect(try collect() == [leased])
        }
    }
}
