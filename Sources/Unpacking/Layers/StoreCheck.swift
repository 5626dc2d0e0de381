package import Diagnostics
import Linux
package import OCI
package import Storage
import SystemPackage

/// Verifies all that the image store holds: `system check`.
package struct StoreCheck: Sendable {
    private let store: ContentStore
    private let layers: Layers

    /// Verifies a store.
    package init(store: ContentStore, layers: Layers) {
        self.store = store
        self.layers = layers
    }

    /// Something that is not as it should be.
    package struct Fault: Sendable, Equatable {
        package var kind: Kind
        /// The blob's digest, or the layer's diffID.
        package var digest: Digest
        package var why: String

        /// What is at fault.
        package enum Kind: String, Sendable {
            /// A blob that is here and is damaged.
            case blob
            /// A blob that an image needs and that is not here.
            case missing
            /// An unpacked layer.
            case layer
        }
    }

    /// What was looked at.
    package struct Tally: Sendable, Equatable {
        package var blobs = 0
        package var blobsInBytes: Int64 = 0
        package var layers = 0
        /// Layers that have no blob here to be compared with.
        package var uncomparedLayers = 0
    }

    /// Verifies every blob's digest and size, that all images are whole, and that every unpacked
    /// layer looks as its blob says.
    ///
    /// - Parameter report: is told of each fault.
    /// - Returns: what was looked at.
    /// - Throws: what keeps it from looking further.
    package func run(report: (Fault) -> Void) throws(Problem) -> Tally {
        var tally = Tally()
        var bad: Set<Digest> = []
        for digest in try store.list() {
            tally.blobs += 1
            if let why = try fault(ofBlob: digest, &tally) {
                bad.insert(digest)
                report(Fault(kind: .blob, digest: digest, why: why))
            }
        }
        var images = ImageParts()
        for entry in try store.references.list() {
            try collect(entry.descriptor, bad, &images, isChild: false)
        }
        for fault in images.faults { report(fault) }
        for diffID in try layers.list() {
            tally.layers += 1
            if let why = try fault(ofLayer: diffID, images.blobs[diffID] ?? [], bad, &tally) {
                report(Fault(kind: .layer, digest: diffID, why: why))
            }
        }
        return tally
    }

    /// What the images lead to.
    private struct ImageParts {
        /// The blobs of each diffID.
        var blobs: [Digest: Set<Digest>] = [:]
        var faults: [Fault] = []
        var visited: Set<Digest> = []
    }

    private func fault(
        ofBlob digest: Digest, _ tally: inout Tally
    ) throws(Problem) -> String? {
        guard store.contains(digest) else { return nil }  // collected since it was listed
        let source = FileSource(try store.open(digest), named: "\(digest)")
        var hasher = try ContentHasher(verifying: digest)
        do throws(Problem) {
            while let chunk = try source.nextChunk() {
                hasher.update(chunk.bytes)
                tally.blobsInBytes += Int64(chunk.bytes.count)
            }
        } catch {
            return error.why  // the disk cannot read it any more
        }
        let found = hasher.digest()
        return found == digest ? nil : "its content has the digest \(found)"
    }

    /// Follows a descriptor as far as the documents are sound.
    private func collect(
        _ descriptor: Descriptor, _ bad: Set<Digest>, _ parts: inout ImageParts, isChild: Bool
    ) throws(Problem) {
        guard parts.visited.insert(descriptor.digest).inserted else { return }
        guard let size = try store.sizeInBytes(of: descriptor.digest) else {
            // An index names every platform, and what has an address elsewhere need not be here.
            guard !isChild, descriptor.urls.isEmpty else { return }
            parts.faults.append(
                Fault(kind: .missing, digest: descriptor.digest, why: "an image needs it"))
            return
        }
        guard !bad.contains(descriptor.digest) else { return }
        guard size == descriptor.size else {
            parts.faults.append(
                Fault(
                    kind: .blob, digest: descriptor.digest,
                    why: "it has \(size) bytes and not \(descriptor.size), as an image says"))
            return
        }
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(
                json: try store.document(descriptor.digest), named: "\(descriptor.digest)")
            for child in index.manifests { try collect(child, bad, &parts, isChild: true) }
        } else if descriptor.mediaType.isManifest {
            let manifest = try Manifest(
                json: try store.document(descriptor.digest), named: "\(descriptor.digest)")
            for part in [manifest.config] + manifest.layers {
                try collect(part, bad, &parts, isChild: false)
            }
            try collectLayers(of: manifest, bad, &parts)
        }
    }

    private func collectLayers(
        of manifest: Manifest, _ bad: Set<Digest>, _ parts: inout ImageParts
    ) throws(Problem) {
        let config = manifest.config
        guard config.mediaType.isImageConfiguration, store.contains(config.digest),
            !bad.contains(config.digest)
        else { return }
        let configuration = try ImageConfiguration(
            json: try store.document(config.digest), named: "\(config.digest)")
        for (layer, diffID) in zip(manifest.layers, configuration.rootfs.diffIDs) {
            parts.blobs[diffID, default: []].insert(layer.digest)
        }
    }

    private func fault(
        ofLayer diffID: Digest, _ blobs: Set<Digest>, _ bad: Set<Digest>, _ tally: inout Tally
    ) throws(Problem) -> String? {
        guard File.exists(layers.path(of: diffID).removingLastComponent()) else {
            return nil  // collected since it was listed
        }
        guard layers.contains(diffID) else {
            return "it was not on the disk when the machine went down"
        }
        let objects: [Digest]
        do throws(Problem) {
            objects = try layers.objects(of: diffID).sorted()
        } catch  where error.kind == .corrupt {
            return error.why  // the collector would not know what the layer needs
        }
        let plain = store.path(of: diffID)
        let isShared = try asking("cannot look at \(plain)") { () throws(SystemCallError) in
            try layers.isShared(plain, as: diffID)
        }
        if isShared, bad.contains(diffID) { return "its archive is the damaged blob" }
        let blob = blobs.sorted { $0.encoded < $1.encoded }.first {
            store.contains($0) && !bad.contains($0)
        }
        guard let blob else {
            tally.uncomparedLayers += 1
            return objects.lazy.compactMap { fault(of: $0) }.first
        }
        return try LayerVerification(store: store, layers: layers).difference(
            of: diffID, from: blob)
    }

    /// What is wrong with a file that layers share, which is named by its digest.
    private func fault(of object: Digest) -> String? {
        layers.objects.fault(of: object).map { "its file \(layers.objects.path(of: object)) \($0)" }
    }
}
