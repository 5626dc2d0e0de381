import ContainerRuntime
import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// How large a container's root file system is: `ps --size`.
package struct ContainerSize: Sendable, Equatable {
    /// The bytes that the container has written.
    package var writableInBytes: Int64
    /// These and those of its image; the machine's own files are not counted for the image `host`.
    package var rootfsInBytes: Int64
}

extension EngineContext {
    /// Measures a container's files: reads its writable layer, and what is known of the others.
    func size(of record: ContainerRecord) throws(Problem) -> ContainerSize {
        var written: Int64 = 0
        // Before its first start a container has written nothing.
        if File.exists(configuration.bundle(of: record.id).monitor) {
            for files in try snapshots(of: record) {
                written += try writtenInBytes(files, of: record)
            }
        }
        var layers: [Digest] = []
        for text in record.layers { layers.append(try Digest(parsing: text)) }
        let image = try imageStore().sizeInBytes(ofLayers: layers)
        return ContainerSize(writableInBytes: written, rootfsInBytes: written + image)
    }

    private func writtenInBytes(
        _ files: Snapshot, of record: ContainerRecord
    ) throws(Problem) -> Int64 {
        guard case .overlay(let overlay) = files else {
            try showLayers(of: record)
            return try files.writtenInBytes()
        }
        guard let upper = overlay.upper, File.exists(upper) else { return 0 }
        return try explaining("cannot measure container \(record.name)") {
            () throws(SystemCallError) in try Directory.treeSizeInBytes(upper)
        }
    }
}
