import Diagnostics
import OCI
import Storage
import SystemPackage

/// Image layers: their sizes, who else has them, and the container's own layer above.
extension ContainerExplainer {
    func imageLines() throws(Problem) -> [ExplainedLine] {
        guard record.imageID != HostImage.name else {
            return [
                ExplainedLine(
                    "host", declared: "the machine's own root file system",
                    why: "read-only below a layer that goes with the container",
                    origin: "image host", command: "ls /")
            ] + (try writableLines())
        }
        if let rootfs = request.rootfs { return try rootfsLines(rootfs) }
        let store = try context.imageStore()
        let images = try store.readableImages()
        let names = images.filter { "\($0.id)" == record.imageID }.compactMap(\.familiarName)
        var lines = [
            ExplainedLine(
                "image", declared: record.image,
                effective: names.isEmpty
                    ? "\(record.imageID), no name any more"
                    : "\(record.imageID), \(names.joined(separator: ", "))",
                why: "what its files and its defaults come from", origin: "image \(record.image)",
                command: "kade image inspect \(record.imageID)")
        ]
        let containers = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        let sharing = LayerSharing(images, containers)
        for (index, text) in record.layers.enumerated() {
            let diffID = try Digest(parsing: text)
            let sharers =
                sharing.images(with: diffID, except: record.imageID)
                + sharing.containers(on: diffID, except: record.id)
            let size = store.layers.wholeRecord(of: diffID)?.sizeInBytes
            lines.append(
                ExplainedLine(
                    "layer \(index + 1)", declared: text,
                    effective: "\(text), " + (size.map { "\($0) bytes" } ?? "not unpacked") + ", "
                        + (sharers.isEmpty
                            ? "used by nothing else"
                            : "shared with \(sharers.joined(separator: ", "))"),
                    why: index == 0
                        ? "the lowest layer" : "hides what is at the same place in those below",
                    origin: "image \(record.image)",
                    command: "ls \(store.layers.path(of: diffID))"))
        }
        return lines + (try writableLines())
    }

    /// A directory of the machine in the image's place.
    private func rootfsLines(_ rootfs: RootfsRequest) throws(Problem) -> [ExplainedLine] {
        let line = ExplainedLine(
            "directory", declared: rootfs.path,
            why: rootfs.isOverlaid
                ? "read-only below a layer that goes with the container"
                : "what the container writes is in it, and stays",
            origin: "--rootfs \(rootfs.path)\(rootfs.isOverlaid ? ":O" : "")",
            command: "ls \(rootfs.path)")
        return [line] + (rootfs.isOverlaid ? try writableLines() : [])
    }

    /// The layer that takes what the container writes.
    private func writableLines() throws(Problem) -> [ExplainedLine] {
        let bundle = context.configuration.bundle(of: record.id)
        let size = try context.size(of: record)
        if try context.storageDriver(of: record) == .vfs {
            return [
                ExplainedLine(
                    "own copy", declared: bundle.copy.string,
                    effective: "\(size.writableInBytes) bytes were changed in \(bundle.copy)",
                    why: "a copy of the layers, which it writes to; goes with the container",
                    origin: "the storage driver is vfs", command: "kade diff \(record.name)")
            ]
        }
        return [
            ExplainedLine(
                "own layer", declared: bundle.upper.string,
                effective: "\(size.writableInBytes) bytes in \(bundle.upper)",
                why: "what it writes, and marks of what it deleted; goes with the container",
                origin: request.resources.rootfsSizeInBytes.map { "--storage-opt size=\($0)" }
                    ?? "always",
                command: "kade diff \(record.name)")
        ]
    }
}
