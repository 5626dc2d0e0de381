import Diagnostics
import Linux
package import OCI
import SystemPackage

/// Stacked layers as one, where overlay cannot stack them.
///
/// Overlay looks for the data of a lowest layer's files in the data-only layer, and of no other's
/// unless it may leave upper layers without data as well (`metacopy=on`). So where a `composefs`
/// layer has another one beneath it, the names of all from there on are put together in one image.
/// It has a place of its own in `layers/merged`, is made when it is first needed in a boot, and goes
/// with any of its layers.
extension Layers {
    /// A layer that is shown.
    struct Shown {
        var diffID: Digest
        var files: FilePath
    }

    /// What overlay can mount in the place of layers.
    ///
    /// - Parameter shown: the layers, the uppermost first.
    /// - Returns: lower directories that show the same.
    /// - Throws: `.unsupported` for layers that cannot be put together; what the kernel refuses.
    func mountable(_ shown: [Shown]) throws(Problem) -> [FilePath] {
        var highest: Int?
        for (index, layer) in shown.enumerated() where highest == nil {
            let data = try asking("cannot look at the layer \(layer.diffID)") {
                () throws(SystemCallError) in try DataLayer.path(of: layer.files)
            }
            if data != nil { highest = index }
        }
        guard let highest, highest < shown.count - 1 else { return shown.map(\.files) }
        var together = Array(shown[highest...])
        for (index, layer) in together.enumerated()
        where layer.files == arrivingPath(of: layer.diffID) {
            try waitForArrival(of: layer.diffID)  // all of it is read
            together[index].files = try show(layer.diffID)
        }
        return shown[..<highest].map(\.files) + [try mergedFiles(of: together)]
    }

    /// The root of one image of several layers, which is made where there is none.
    private func mergedFiles(of shown: [Shown]) throws(Problem) -> FilePath {
        let merged = merged
        guard let boot = currentBoot() else {
            throw Problem(
                kind: .unavailable, what: "cannot put the layers of an image together",
                why: "the kernel does not say which boot this is", fix: "mount /proc")
        }
        let text = shown.map(\.diffID.encoded).joined(separator: "\n")
        let name = ContentHasher.sha256(Array(text.utf8))
        while try !merged.showIfWhole(name) {
            try asking("cannot make \(merged.directory)") { () throws(SystemCallError) in
                try Directory.makeAll(
                    merged.directory.appending("sha256"), permissions: .privateDirectory)
            }
            var begun = try merged.beginPartial(name)
            guard let partial = begun.take() else { continue }
            var image = try MergedImage(objects: objects, in: partial.path)
            let root = try image.tree(of: MergedDirectory(shown.map(\.files)))
            let record = LayerRecord(
                diffID: name, kind: .composefs, archiveInBytes: 0, sizeInBytes: 0, entries: 0,
                skippedAttributes: 0, highestID: nil, boot: boot, flush: .pending)
            let bytes = ErofsImage(root: root, dataInBytes: nil, uuid: name.firstBytes).bytes()
            do throws(SystemCallError) {
                try File.create(
                    partial.path.appending(Self.constituents), content: Array(text.utf8),
                    permissions: .storeFile)
                try File.create(
                    partial.path.appending(ErofsSnapshotter.image), content: bytes,
                    permissions: .ownerReadWrite)
                // The collector sees the list of its objects where it was, or where it is then.
                let lock = try objects.lock(.shared)
                try partial.commit(record)
                withExtendedLifetime(lock) {}
            } catch {
                throw Problem(error, what: "cannot put the layers of an image together")
            }
        }
        return merged.path(of: name)
    }

    /// Removes the images of several layers of which any is gone.
    func collectMerged() throws(Problem) {
        let merged = merged
        guard File.exists(merged.directory) else { return }
        for name in try merged.list() {
            let list = merged.place(of: name).appending(Self.constituents)
            let text = try asking("cannot read \(list)") { () throws(SystemCallError) -> String? in
                guard File.exists(list) else { return nil }
                return try File.readText(list)
            }
            let digests = (text ?? "").split(separator: "\n").map { Digest(hash: String($0)) }
            let isNeeded = !digests.isEmpty && digests.allSatisfy { $0.map(contains) ?? false }
            if !isNeeded { try merged.remove(name) }
        }
        try merged.sweep()
    }

    /// The name of the list of layers in such an image's place.
    private static let constituents: FilePath.Component = "layers"
}

extension Digest {
    /// The first 16 bytes of the hash, by which the kernel tells file systems apart.
    package var firstBytes: [UInt8] {
        let digits = Array(encoded.utf8.prefix(32))
        return stride(from: 0, to: 32, by: 2).map { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }
}
