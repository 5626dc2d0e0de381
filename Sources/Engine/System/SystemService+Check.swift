import ContainerRuntime
package import Diagnostics
import Linux
package import OCI
import Storage
import SystemPackage

/// What a check of the image store found.
package struct StoreReport: Sendable {
    package var faults: [Fault] = []
    package var blobs = 0
    package var blobsInBytes: Int64 = 0
    package var layers = 0
    /// Layers that have no blob to be compared with.
    package var uncomparedLayers = 0

    /// Something that is not as it should be.
    package struct Fault: Sendable {
        /// blob, missing or layer.
        package let kind: String
        package let digest: Digest
        package let why: String
        /// The names of images that need it.
        package let images: [String]
    }
}

/// What a repair did.
package struct StoreRepair: Sendable {
    /// What was found at first.
    package let before: StoreReport
    /// What could not be done, each with its reason.
    package let problems: [Problem]
    /// What is found now.
    package let after: StoreReport
}

extension SystemService {
    /// Verifies every blob's digest and size, that images are whole, and that unpacked layers look
    /// as their blobs say.
    package func check() throws(Problem) -> StoreReport {
        var lines: [JSONValue] = []
        try ContentHelper(configuration: context.configuration).run(
            ["check", "--root", context.configuration.dataRoot.string], input: nil, file: nil,
            what: "cannot check the image store"
        ) { lines.append($0) }
        let needs = try ImageNeeds(context.imageStore())
        var report = StoreReport()
        for line in lines {
            switch line["event"]?.string {
            case "fault":
                let digest = try Digest(parsing: line.text("digest") ?? "")
                report.faults.append(
                    .init(
                        kind: line.text("kind") ?? "", digest: digest, why: line.text("why") ?? "",
                        images: needs.entries(of: digest).map { $0.name ?? "<none>" }))
            case "checked":
                report.blobs = line["blobs"]?.int ?? 0
                report.blobsInBytes = line.integer("blobsInBytes") ?? 0
                report.layers = line["layers"]?.int ?? 0
                report.uncomparedLayers = line["uncomparedLayers"]?.int ?? 0
            default: continue
            }
        }
        return report
    }

    /// Removes what is damaged and gets it again: blobs from their registries, layers from blobs.
    ///
    /// What runs is left alone: a layer that a running container shows is repaired when it has
    /// ended.
    package func repair() throws(Problem) -> StoreRepair {
        let before = try check()
        guard !before.faults.isEmpty else {
            return StoreRepair(before: before, problems: [], after: before)
        }
        let store = try context.imageStore()
        let needs = try ImageNeeds(store)
        var problems: [Problem] = []
        var toPull: [References.Entry] = []
        for fault in before.faults where fault.kind != "layer" {
            if fault.kind == "blob" { try context.removeBlob(fault.digest, from: store) }
            for entry in needs.entries(of: fault.digest) where !toPull.contains(entry) {
                toPull.append(entry)
            }
        }
        for entry in toPull {
            do throws(Problem) { try context.pullAgain(entry, store) } catch {
                problems.append(error)
            }
        }
        for fault in before.faults where fault.kind == "layer" {
            do throws(Problem) {
                try context.unpackAgain(fault.digest, store, isNeeded: !fault.images.isEmpty)
            } catch {
                problems.append(error)
            }
        }
        return StoreRepair(before: before, problems: problems, after: try check())
    }
}

/// Which images need a blob or layer.
private struct ImageNeeds {
    private var closures: [(entry: References.Entry, digests: Set<Digest>)] = []

    init(_ store: ImageStore) throws(Problem) {
        for entry in try store.content.references.list() {
            let digests = try store.content.closure(of: entry.descriptor)
            closures.append((entry, digests))
        }
    }

    func entries(of digest: Digest) -> [References.Entry] {
        closures.filter { $0.digests.contains(digest) }.map(\.entry)
    }
}

extension EngineContext {
    fileprivate func removeBlob(_ digest: Digest, from store: ImageStore) throws(Problem) {
        let path = store.content.path(of: digest)
        try explaining("cannot remove the damaged blob \(digest)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                try Link.remove(path)
            } catch  where error.errno == .noSuchFileOrDirectory {}
        }
    }

    /// Pulls an image by its digest, so that exactly it comes back whatever its tag means by now.
    fileprivate func pullAgain(
        _ entry: References.Entry, _ store: ImageStore
    ) throws(Problem) {
        let what = "cannot repair image \(entry.name ?? "\(entry.descriptor.digest)")"
        // A name that another tool wrote may be no reference.
        guard let reference = entry.name.flatMap({ try? ImageReference(parsing: $0) }) else {
            throw Problem(
                kind: .notFound, what: what, why: "it has no name to pull it by",
                fix: "remove it: kade rmi \(entry.descriptor.digest)")
        }
        let exact = reference.with(digest: entry.descriptor.digest)
        let isNamedSo = try store.content.references.descriptor(of: exact) != nil
        do throws(Problem) {
            try ImageService(context: self).pull(
                "\(exact)", platform: nil, allTags: false
            ) { _ in }
        } catch {
            throw Problem(
                kind: error.kind, what: what, why: "\(error)",
                fix:
                    "remove it (kade rmi \(reference.familiar)) and load, import or build it again",
                cause: error)
        }
        if !isNamedSo { try store.content.references.remove(exact) }
    }

    fileprivate func unpackAgain(
        _ diffID: Digest, _ store: ImageStore, isNeeded: Bool
    ) throws(Problem) {
        let what = "cannot repair the layer \(diffID)"
        let records = try database.read { database throws(Problem) in
            try database.containers().filter { $0.layers.contains("\(diffID)") }
        }
        for record in records where try status(of: record).state.isAlive {
            throw Problem(
                kind: .conflict, what: what, why: "container \(record.name) runs on it",
                fix: "stop it, then repair: kade stop \(record.name)")
        }
        guard try !mountedLayers().contains(diffID) else {
            throw Problem(
                kind: .conflict, what: what, why: "an image with it is mounted",
                fix: "unmount it, then repair: kade image unmount --all")
        }
        try store.layers.remove(diffID)
        guard isNeeded || !records.isEmpty else { return }
        try restore([diffID], exceptArriving: false)
    }
}
