import OCI
import Synchronization
package import SystemPackage

/// A store's changes that are only thought of: whoever opens a store with a draft sees it as if
/// they had been made, and on the disk nothing changes.
package struct StoreDraft: Sendable {
    let content: Content
    /// Is told of each change, in the order in which they would be made.
    let note: @Sendable (StoreChange) -> Void

    package init(of content: Content, note: @escaping @Sendable (StoreChange) -> Void) {
        self.content = content
        self.note = note
    }

    /// What is different from the disk; drafts of one plan share it.
    package final class Content: Sendable {
        private let state = Mutex(State())

        private struct State {
            var index: ImageIndex?
            var removed: Set<Removed> = []
        }

        /// Blobs and layers may have the same digest.
        private enum Removed: Hashable {
            case blob(Digest)
            case layer(Digest)
            case record(FilePath)
        }

        package init() {}

        /// The entries as they would be; nil where they are those of the disk.
        var index: ImageIndex? { state.withLock { $0.index } }

        func replace(_ index: ImageIndex) { state.withLock { $0.index = index } }

        func remove(blob digest: Digest) { remove(.blob(digest)) }
        func remove(layer diffID: Digest) { remove(.layer(diffID)) }
        func remove(record path: FilePath) { remove(.record(path)) }

        func hasRemoved(blob digest: Digest) -> Bool { hasRemoved(.blob(digest)) }
        func hasRemoved(layer diffID: Digest) -> Bool { hasRemoved(.layer(diffID)) }
        func hasRemoved(record path: FilePath) -> Bool { hasRemoved(.record(path)) }

        private func remove(_ thing: Removed) { state.withLock { _ = $0.removed.insert(thing) } }

        private func hasRemoved(_ thing: Removed) -> Bool {
            state.withLock { $0.removed.contains(thing) }
        }
    }
}

/// Something that would change in a store.
package enum StoreChange: Sendable, Equatable {
    /// The file of the references is replaced: entries that come, and entries that go, in words.
    case references(FilePath, new: [String], gone: [String])
    /// A blob is written.
    case write(FilePath)
    /// A blob, or a record of a build, is removed.
    case remove(FilePath)
    /// The directory of an unpacked layer is removed.
    case removeLayer(FilePath)
}

extension References.Entry {
    /// The entry for people: its name, and what that means.
    var words: String { "\(name ?? "<none>") → \(descriptor.digest)" }
}
