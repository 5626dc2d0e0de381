package import Diagnostics
import Linux
package import OCI
import SystemPackage

/// What a collection removed.
package struct Garbage: Sendable, Equatable {
    /// The blobs that nothing named any more.
    package var blobs: [Digest] = []
    /// The layers, by diffID, that no image has and no container uses.
    package var layers: [Digest] = []
    /// The space of the blobs on disk.
    package var blobsInBytes: Int64 = 0
    /// The bytes of the layers' files.
    package var layersInBytes: Int64 = 0
}

extension ContentStore {
    /// Removes blobs and layers that no reference, lease or container needs.
    ///
    /// A reference keeps its manifest or index, the children of an index, configurations, layers,
    /// and what those name in turn; the build cache keeps its layers. What is arriving is kept; what
    /// arrived in part and has been left for a day goes.
    ///
    /// - Parameters:
    ///   - layers: the unpacked layers.
    ///   - usedLayers: the diffIDs of layers that containers use.
    ///   - now: the time of day in seconds since 1970.
    /// - Returns: what was removed.
    /// - Throws: `.corrupt` when a manifest is damaged: what it needs is not known then, and nothing
    ///   is removed.
    package func collectGarbage(
        layers: Layers, usedLayers: Set<Digest>, now: Int64
    ) throws(Problem) -> Garbage {
        if let draft { return try draftGarbage(layers: layers, usedLayers: usedLayers, in: draft) }
        let lock = try lockGarbage()
        defer { withExtendedLifetime(lock) {} }
        let mark = try markNeeded()
        if usedLayers.subtracting(mark.kept).contains(where: layers.isPending) {
            try layers.flush()  // no blob of it will be left to unpack it from
        }
        var garbage = Garbage()
        try remove(try list(), butFor: mark.kept, noting: &garbage)
        for diffID in try layers.list()
        where !mark.kept.contains(diffID) && !usedLayers.contains(diffID) {
            garbage.layersInBytes += layers.ownBytes(of: diffID)
            try layers.remove(diffID)
            garbage.layers.append(diffID)
        }
        try layers.sweep()
        try layers.collectMerged()
        garbage.layersInBytes += try layers.collectObjects(without: [], removes: true)
        try removePartials { name, status in
            name.hasPrefix("import-") || now - status.modified.seconds > 86400
        }
        return garbage
    }

    /// What a collection would remove, in a draft.
    private func draftGarbage(
        layers: Layers, usedLayers: Set<Digest>, in draft: StoreDraft
    ) throws(Problem) -> Garbage {
        let mark = try markNeeded()
        var garbage = Garbage()
        try remove(try list(), butFor: mark.kept, noting: &garbage)
        for diffID in try layers.list()
        where !mark.kept.contains(diffID) && !usedLayers.contains(diffID)
            && !draft.content.hasRemoved(layer: diffID)
        {
            garbage.layersInBytes += layers.ownBytes(of: diffID)
            draft.content.remove(layer: diffID)
            draft.note(.removeLayer(layers.place(of: diffID)))
            garbage.layers.append(diffID)
        }
        garbage.layersInBytes += try layers.collectObjects(
            without: Set(garbage.layers), removes: false)
        return garbage
    }

    /// Removes those of some blobs that no reference, lease or build needs, and no layer.
    ///
    /// - Parameters:
    ///   - candidates: the blobs; those that are not here are passed over.
    ///   - layers: the unpacked layers.
    /// - Returns: what was removed.
    /// - Throws: as ``collectGarbage(layers:usedLayers:now:)``.
    @discardableResult
    package func collectGarbage(
        among candidates: Set<Digest>, layers: Layers
    ) throws(Problem) -> Garbage {
        let lock = try lockGarbage()
        defer { withExtendedLifetime(lock) {} }
        let mark = try markNeeded()
        // Layers that are not on the disk yet may be made from one of these only.
        if try layers.list().contains(where: layers.isPending) { try layers.flush() }
        var garbage = Garbage()
        let here = candidates.filter { contains($0) }.sorted()
        try remove(here, butFor: mark.kept, noting: &garbage)
        return garbage
    }

    /// Removes manifests that an index names at any depth, so that the store lacks these parts of it.
    ///
    /// Their configurations and layers are garbage then, unless something else needs them.
    ///
    /// - Parameters:
    ///   - manifests: what to remove.
    ///   - index: what the references name.
    /// - Returns: those that stay, because something else needs them; nothing is removed then.
    /// - Throws: as ``collectGarbage(layers:usedLayers:now:)``.
    package func remove(
        _ manifests: Set<Digest>, from index: Descriptor
    ) throws(Problem) -> [Digest] {
        let lock = try lockGarbage()
        defer { withExtendedLifetime(lock) {} }
        let mark = try markNeeded(without: .init(index: index.digest, manifests: manifests))
        let needed = manifests.filter { mark.kept.contains($0) }
        guard needed.isEmpty else { return needed.sorted() }
        var garbage = Garbage()
        try remove(manifests.filter { contains($0) }.sorted(), butFor: [], noting: &garbage)
        return []
    }

    /// The collector's lock; a draft needs none.
    private func lockGarbage() throws(Problem) -> FileLock? {
        guard draft == nil else { return nil }
        let garbageLock = garbageLock
        return try asking("cannot collect garbage") { () throws(SystemCallError) in
            try FileLock(garbageLock, .exclusive)
        }
    }

    /// All that references, leases and builds need.
    private func markNeeded(without omission: Mark.Omission? = nil) throws(Problem) -> Mark {
        var mark = Mark(store: self, passesDamage: false)
        mark.omission = omission
        for digest in try leasedDigests() { mark.keep(digest) }
        for digest in try buildCache.digests() { mark.keep(digest) }
        for entry in try references.list() {
            try mark.follow(entry.descriptor)
            if let translation = entry.translation { mark.keep(translation.digest) }
        }
        return mark
    }

    private func remove(
        _ digests: [Digest], butFor kept: Set<Digest>, noting garbage: inout Garbage
    ) throws(Problem) {
        for digest in digests where !kept.contains(digest) {
            garbage.blobsInBytes += try sizeInBytes(of: digest) ?? 0
            let path = path(of: digest)
            garbage.blobs.append(digest)
            if let draft {
                draft.content.remove(blob: digest)
                draft.note(.remove(path))
                continue
            }
            try asking("cannot remove \(digest)") { () throws(SystemCallError) in
                try Link.remove(path)
            }
        }
    }

    /// The blobs, configurations and diffIDs that a descriptor leads to, itself included.
    ///
    /// A document that is damaged leads nowhere.
    package func closure(of descriptor: Descriptor) throws(Problem) -> Set<Digest> {
        var mark = Mark(store: self, passesDamage: true)
        try mark.follow(descriptor)
        return mark.kept
    }

    /// All blobs of algorithms that Kade knows.
    package func list() throws(Problem) -> [Digest] {
        var digests: [Digest] = []
        for algorithm in ["sha256", "sha512"] {
            let directory = layout.appending("blobs").appending(algorithm)
            guard File.exists(directory) else { continue }
            let entries = try asking("cannot list \(directory)") { () throws(SystemCallError) in
                try Directory.list(directory)
            }
            for entry in entries {
                let digest = try Digest(parsing: "\(algorithm):\(entry.name.string)")
                guard draft?.content.hasRemoved(blob: digest) != true else { continue }
                digests.append(digest)
            }
        }
        return digests
    }

    /// Removes what arrived in part, is held by nobody, and is garbage by its name and age.
    func removePartials(
        where isGarbage: (String, FileStatus) -> Bool
    ) throws(Problem) {
        let ingest = ingest
        try asking("cannot clear up \(ingest)") { () throws(SystemCallError) in
            for entry in try Directory.list(ingest) where entry.name.string.hasSuffix(".partial") {
                let path = ingest.appending(entry.name)
                let file: OwnedFD
                do throws(SystemCallError) {
                    file = try OwnedFD.open(path, [.readOnly, .noFollow])
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue
                }
                guard isGarbage(entry.name.string, try FileStatus(of: file)),
                    try file.lock(.exclusive, wait: false, "\(path)")
                else { continue }
                try Link.remove(path)
            }
        }
    }
}

/// What is reachable from the references.
private struct Mark {
    let store: ContentStore
    private(set) var kept: Set<Digest> = []
    private var visited: Set<Digest> = []
    /// What does not count as needed.
    var omission: Omission?
    /// Whether what is followed now is below the omission's index.
    private var isBelowOmission = false
    /// Whether a damaged document is passed over; who removes anything must not do that.
    private let passesDamage: Bool

    /// Manifests that one index need not keep.
    struct Omission {
        var index: Digest
        var manifests: Set<Digest>
    }

    init(store: ContentStore, passesDamage: Bool) {
        self.store = store
        self.passesDamage = passesDamage
    }

    mutating func keep(_ digest: Digest) { kept.insert(digest) }

    /// Keeps a descriptor's content and all that it names; what is not here is no error.
    mutating func follow(_ descriptor: Descriptor) throws(Problem) {
        guard let omission, omission.index == descriptor.digest else {
            return try followAny(descriptor)
        }
        // Below this index another rule holds, so that what was visited elsewhere is visited again.
        let visitedElsewhere = visited
        (visited, isBelowOmission) = ([], true)
        try followAny(descriptor)
        (visited, isBelowOmission) = (visitedElsewhere, false)
    }

    private mutating func followAny(_ descriptor: Descriptor) throws(Problem) {
        if isBelowOmission, omission?.manifests.contains(descriptor.digest) == true { return }
        kept.insert(descriptor.digest)
        guard visited.insert(descriptor.digest).inserted,
            descriptor.mediaType.isIndex || descriptor.mediaType.isManifest,
            let bytes = try document(descriptor.digest)
        else { return }
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
            for child in index.manifests { try followAny(child) }
            if let subject = index.subject { try followAny(subject) }
        } else {
            let manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
            for layer in manifest.layers { kept.insert(layer.digest) }
            try followConfiguration(manifest.config)
            if let subject = manifest.subject { try followAny(subject) }
        }
    }

    /// Keeps a configuration and the unpacked layers that it lists.
    private mutating func followConfiguration(_ descriptor: Descriptor) throws(Problem) {
        kept.insert(descriptor.digest)
        guard descriptor.mediaType.isImageConfiguration,
            let bytes = try document(descriptor.digest)
        else { return }
        let configuration = try ImageConfiguration(json: bytes, named: "\(descriptor.digest)")
        kept.formUnion(configuration.rootfs.diffIDs)
    }

    /// Reads a document; nil for one that is not here, or is damaged and passed over.
    private func document(_ digest: Digest) throws(Problem) -> [UInt8]? {
        do throws(Problem) {
            return try store.documentIfHere(digest)
        } catch  where passesDamage && (error.kind == .corrupt || error.kind == .invalid) {
            return nil
        }
    }
}
