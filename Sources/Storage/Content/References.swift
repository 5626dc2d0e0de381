package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// The names of images: the entries of the layout's `index.json`.
///
/// An entry's name is its annotation `org.opencontainers.image.ref.name`, the full normalised
/// reference. An entry without a name keeps an image that lost its last one (`<none>`). Behind an
/// entry of Docker's types stands its translation for other tools, which is no entry of its own:
/// see ``ContentStore/name(_:_:)``. Changes are made under a lock, to a copy that replaces the file,
/// so that a reader needs no lock.
package struct References: Sendable {
    let layout: FilePath
    let draft: StoreDraft?

    /// One entry of the index.
    package struct Entry: Sendable, Equatable {
        /// The full reference, or nil for an image without a name.
        package var name: String?
        /// The manifest or index that it names.
        package var descriptor: Descriptor
        /// The manifest that other tools find under the name.
        var translation: Descriptor?

        package init(name: String?, descriptor: Descriptor) {
            self.name = name
            self.descriptor = descriptor
        }
    }

    /// All entries, in the order in which they were made.
    package func list() throws(Problem) -> [Entry] { Self.entries(try index().manifests) }

    /// What a reference names, or nil.
    package func descriptor(of reference: ImageReference) throws(Problem) -> Descriptor? {
        try list().first { $0.name == "\(reference)" }?.descriptor
    }

    /// Makes a reference name a manifest or index.
    ///
    /// What it named before stays in the index, without a name unless it has others.
    package func set(
        _ reference: ImageReference, to descriptor: Descriptor
    ) throws(Problem) {
        try set(reference, to: descriptor, translation: nil)
    }

    /// ``set(_:to:)`` with a translation; without one, that of another name of the same image.
    func set(
        _ reference: ImageReference, to descriptor: Descriptor, translation: Descriptor?
    ) throws(Problem) {
        try change { entries in
            let name = "\(reference)"
            let known = entries.first { $0.descriptor.digest == descriptor.digest }?.translation
            let replaced = entries.first { $0.name == name }?.descriptor
            entries.removeAll {
                $0.name == name || ($0.name == nil && $0.descriptor.digest == descriptor.digest)
            }
            var entry = Entry(name: name, descriptor: descriptor)
            entry.translation = translation ?? known
            entries.append(entry)
            if let replaced, !entries.contains(where: { $0.descriptor.digest == replaced.digest }) {
                entries.append(Entry(name: nil, descriptor: replaced))
            }
        }
    }

    /// Keeps a manifest or index that has no name; no change when it has an entry already.
    package func keep(_ descriptor: Descriptor) throws(Problem) {
        try change { entries in
            guard !entries.contains(where: { $0.descriptor.digest == descriptor.digest }) else {
                return
            }
            entries.append(Entry(name: nil, descriptor: descriptor))
        }
    }

    /// Removes a name.
    ///
    /// - Returns: what it named, or nil when there is no such name.
    @discardableResult
    package func remove(_ reference: ImageReference) throws(Problem) -> Descriptor? {
        var removed: Descriptor?
        try change { entries in
            removed = entries.first { $0.name == "\(reference)" }?.descriptor
            entries.removeAll { $0.name == "\(reference)" }
        }
        return removed
    }

    /// Takes names from a manifest or index, which stays: without a name if need be.
    package func untag(_ names: Set<String>, from descriptor: Descriptor) throws(Problem) {
        try change { entries in
            entries.removeAll {
                $0.descriptor.digest == descriptor.digest && names.contains($0.name ?? "")
            }
            guard !entries.contains(where: { $0.descriptor.digest == descriptor.digest }) else {
                return
            }
            entries.append(Entry(name: nil, descriptor: descriptor))
        }
    }

    /// Removes a name if it names this manifest or index, and else nothing.
    ///
    /// - Returns: whether it did.
    package func remove(_ reference: ImageReference, ifNaming digest: Digest) throws(Problem)
        -> Bool
    {
        var isRemoved = false
        try change { entries in
            let count = entries.count
            entries.removeAll {
                $0.name == "\(reference)" && $0.descriptor.digest == digest
            }
            isRemoved = entries.count < count
        }
        return isRemoved
    }

    /// Removes the entry of a manifest or index that has no name; no change when it has one by now.
    package func removeNameless(_ digest: Digest) throws(Problem) {
        try change { $0.removeAll { $0.name == nil && $0.descriptor.digest == digest } }
    }

    /// Removes all entries of a manifest or index, with and without names.
    package func removeAll(of digest: Digest) throws(Problem) {
        try change { $0.removeAll { $0.descriptor.digest == digest } }
    }

    /// Changes the entries under the lock; what the body leaves as it was is not written.
    func change(_ body: (inout [Entry]) -> Void) throws(Problem) {
        if let draft { return try change(body, in: draft) }
        let what = "cannot change the references in \(file)"
        let lockFile = layout.appending("ingest/index.lock")
        let lock = try asking(what) { () throws(SystemCallError) in
            try FileLock(lockFile, .exclusive)
        }
        defer { withExtendedLifetime(lock) {} }
        var index = try index()
        let before = Self.entries(index.manifests)
        var entries = before
        body(&entries)
        guard entries != before else { return }
        index.manifests = entries.flatMap(Self.descriptors)
        let text = index.json()
        try asking(what) { () throws(SystemCallError) in
            try File.replace(file, with: text, permissions: .storeFile, lasting: .powerLoss)
        }
    }

    private func change(_ body: (inout [Entry]) -> Void, in draft: StoreDraft) throws(Problem) {
        var index = try index()
        let before = Self.entries(index.manifests)
        var entries = before
        body(&entries)
        guard entries != before else { return }
        index.manifests = entries.flatMap(Self.descriptors)
        draft.content.replace(index)
        draft.note(
            .references(
                file, new: entries.filter { !before.contains($0) }.map(\.words),
                gone: before.filter { !entries.contains($0) }.map(\.words)))
    }

    /// The layout's `index.json`; a new file at each change.
    package var file: FilePath { layout.appending("index.json") }

    private func index() throws(Problem) -> ImageIndex {
        if let index = draft?.content.index { return index }
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(file)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return ImageIndex(schemaVersion: 2, mediaType: .index, manifests: [])
        } catch {
            throw Problem(error, what: "cannot read the references in \(file)")
        }
        do throws(Problem) {
            return try ImageIndex(json: bytes, named: "\(file)")
        } catch {
            throw Problem(
                kind: .corrupt, what: "cannot read the references in \(file)", why: error.why,
                fix: "restore the file, or move it away and pull the images again", cause: error)
        }
    }

    private static let nameKey = "org.opencontainers.image.ref.name"

    /// The digest of what a descriptor translates.
    package static let translationKey = "io.kade.translation-of"

    private static func entries(_ descriptors: [Descriptor]) -> [Entry] {
        var entries: [Entry] = []
        for var descriptor in descriptors {
            let name = descriptor.annotations.removeValue(forKey: nameKey)
            let original = descriptor.annotations.removeValue(forKey: translationKey)
            guard let original else {
                entries.append(Entry(name: name, descriptor: descriptor))
                continue
            }
            let index = entries.lastIndex {
                $0.name == name && "\($0.descriptor.digest)" == original
            }
            // One whose original another tool removed serves nobody.
            if let index { entries[index].translation = descriptor }
        }
        return entries
    }

    private static func descriptors(_ entry: Entry) -> [Descriptor] {
        var descriptor = entry.descriptor
        descriptor.annotations[nameKey] = entry.name
        guard let name = entry.name, var translation = entry.translation else {
            return [descriptor]
        }
        translation.annotations = [
            nameKey: name, translationKey: "\(entry.descriptor.digest)",
        ]
        return [descriptor, translation]
    }
}
