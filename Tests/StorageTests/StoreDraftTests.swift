import Linux
import OCI
import Synchronization
import SystemPackage
import Testing

@testable import Storage

/// A store with a draft is as it would be, and the disk is as it was.
@Suite struct StoreDraftTests {
    private static func draft(_ notes: NoteList) -> StoreDraft {
        StoreDraft(of: StoreDraft.Content()) { change in notes.add(change) }
    }

    @Test func `names and blobs come and go for whoever looks`() throws {
        try withTemporaryDirectory { root in
            let disk = try ContentStore(root: root)
            let kept = Descriptor(mediaType: .layer, digest: try disk.store([1]), size: 1)
            let old = Descriptor(mediaType: .layer, digest: try disk.store([2]), size: 1)
            let garbage = try disk.store([3])
            let name = try ImageReference(parsing: "localhost/app:1")
            let other = try ImageReference(parsing: "localhost/app:2")
            try disk.references.set(name, to: old)
            let notes = NoteList()
            let store = ContentStore(root: root, draft: Self.draft(notes))
            try store.references.set(other, to: kept)
            try store.references.removeAll(of: old.digest)
            #expect(try store.references.list().map(\.name) == ["\(other)"])
            let layers = try Layers(root: root)
            let collected = try store.collectGarbage(layers: layers, usedLayers: [], now: 0)
            #expect(Set(collected.blobs) == [old.digest, garbage])
            #expect(!store.contains(garbage) && store.contains(kept.digest))
            #expect(try store.list() == [kept.digest])
            // What is gone goes once.
            #expect(
                try store.collectGarbage(layers: layers, usedLayers: [], now: 0) == Garbage())
            #expect(
                notes.all == [
                    .references(
                        disk.references.file, new: ["\(other) → \(kept.digest)"], gone: []),
                    .references(
                        disk.references.file, new: [], gone: ["\(name) → \(old.digest)"]),
                ] + collected.blobs.map { .remove(disk.path(of: $0)) })
            #expect(try disk.references.list().map(\.name) == ["\(name)"])
            #expect(try Set(disk.list()) == [kept.digest, old.digest, garbage])
        }
    }

    @Test func `a store that is not there is empty, and stays away`() throws {
        try withTemporaryDirectory { root in
            let root = root.appending("none")
            let notes = NoteList()
            let store = ContentStore(root: root, draft: Self.draft(notes))
            #expect(try store.references.list().isEmpty)
            #expect(try store.list().isEmpty)
            let digest = try store.store([7])
            #expect(notes.all == [.write(store.path(of: digest))])
            #expect(
                try store.collectGarbage(layers: Layers(reading: root), usedLayers: [], now: 0)
                    == Garbage())
            #expect(!File.exists(root))
        }
    }
}

/// What a draft has noted.
private final class NoteList: Sendable {
    private let notes = Mutex<[StoreChange]>([])

    func add(_ change: StoreChange) { notes.withLock { $0.append(change) } }

    var all: [StoreChange] { notes.withLock { $0 } }
}
