import Diagnostics
import OCI
import Testing

@testable import Storage

@Suite struct RepositoryReferencesTests {
    private func descriptor(_ text: String) -> Descriptor {
        Descriptor(
            mediaType: .manifest, digest: ContentHasher.sha256(Array(text.utf8)),
            size: Int64(text.utf8.count))
    }

    /// Runs a test with references, a repository of theirs, and a way to see the repository.
    private func withRepository(
        _ body: (References, ImageReference, () throws -> [String]) throws -> Void
    ) throws {
        try withTemporaryDirectory { root in
            let references = try ContentStore(root: root).references
            try references.set(try ImageReference(parsing: "r/app-x:1"), to: descriptor("x"))
            let repository = try ImageReference(parsing: "r.example/app")
            try body(references, repository) {
                try references.list().compactMap(\.name).filter { repository.isRepository(of: $0) }
                    .map { String($0.dropFirst("r.example/app".count).prefix(9)) }.sorted()
            }
            #expect(try references.list().filter { $0.name == "docker.io/r/app-x:1" }.count == 1)
        }
    }

    private func arrival(_ text: String, children: [String] = []) -> References.Arrival {
        .init(
            descriptor: descriptor(text), translation: nil,
            children: Set(children.map { descriptor($0).digest }))
    }

    private func byDigest(_ text: String) -> String {
        String("@\(descriptor(text).digest)".prefix(9))
    }

    @Test func `a manifest has tags, or its digest`() throws {
        try withRepository { references, repository, names in
            try references.put(arrival("a"), into: repository, tags: [])
            #expect(try names() == [byDigest("a")])
            try references.put(arrival("a"), into: repository, tags: ["1", "2"])
            #expect(try names() == [":1", ":2"])
            try references.put(arrival("a"), into: repository, tags: [])
            #expect(try names() == [":1", ":2"])
        }
    }

    @Test func `what loses its tag stays by its digest`() throws {
        try withRepository { references, repository, names in
            try references.put(arrival("a"), into: repository, tags: ["1", "2"])
            try references.put(arrival("b"), into: repository, tags: ["1"])
            #expect(try names() == [":1", ":2"])
            try references.put(arrival("b"), into: repository, tags: ["2"])
            #expect(try names() == [":1", ":2", byDigest("a")].sorted())
            #expect(try references.removeTag("1", of: repository))
            #expect(try !references.removeTag("1", of: repository))
            #expect(try references.removeTag("2", of: repository))
            #expect(try names() == [byDigest("a"), byDigest("b")].sorted())
        }
    }

    @Test func `an index stands for what it names, which stays when the index goes`() throws {
        try withRepository { references, repository, names in
            try references.put(arrival("a"), into: repository, tags: [])
            try references.put(arrival("b"), into: repository, tags: ["b"])
            try references.put(
                arrival("index", children: ["a", "b"]), into: repository, tags: ["all"])
            #expect(try names() == [":all", ":b"])
            #expect(
                try references.remove(
                    descriptor("index").digest, from: repository,
                    keeping: [descriptor("a"), descriptor("b")]))
            #expect(try names() == [":b", byDigest("a")].sorted())
            #expect(try references.remove(descriptor("b").digest, from: repository, keeping: []))
            #expect(try !references.remove(descriptor("b").digest, from: repository, keeping: []))
            #expect(try names() == [byDigest("a")])
        }
    }

    @Test func `only blobs among the candidates are collected`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let layers = try Layers(root: root)
            let (first, second) = (try store.store([1]), try store.store([2]))
            let leased = try store.store([3])
            let lease = try store.lease()
            try lease.protect([leased])
            let garbage = try store.collectGarbage(among: [first, leased], layers: layers)
            #expect(garbage.blobs == [first])
            #expect(store.contains(second))
            #expect(store.contains(leased))
            withExtendedLifetime(lease) {}
        }
    }
}
