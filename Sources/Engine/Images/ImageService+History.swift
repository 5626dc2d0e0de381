package import Diagnostics
import OCI
import Storage

/// One step of an image's history.
package struct HistoryStep: Sendable {
    /// The image's ID at the last step; `<missing>` at the others, as Docker says of images that
    /// it never had by themselves.
    package let id: String
    package let created: Timestamp?
    package let createdBy: String
    package let comment: String
    /// Of the files of the step's layer; 0 for a step without one.
    package let sizeInBytes: Int64
}

extension ImageService {
    /// What made an image, the last step first.
    package func history(
        of name: String, platform: String?
    ) throws(Problem) -> [HistoryStep] {
        let store = try context.imageStore()
        let image = try store.image(
            named: name,
            platform: try platform.map { text throws(Problem) in try Platform(parsing: text) })
        let configuration = image.configuration
        var layers = configuration.rootfs.diffIDs[...]
        var entries = configuration.history
        // An image may say nothing of its layers: each is a step all the same.
        let silent = layers.count - entries.count { !$0.emptyLayer }
        if silent > 0 { entries += Array(repeating: .init(), count: silent) }
        var steps: [HistoryStep] = []
        for (index, entry) in entries.enumerated() {
            let layer = entry.emptyLayer ? nil : layers.popFirst()
            steps.append(
                HistoryStep(
                    id: index == entries.count - 1 ? "\(image.id)" : "<missing>",
                    created: entry.created.flatMap { Timestamp(rfc3339: $0) },
                    createdBy: entry.createdBy ?? "", comment: entry.comment ?? "",
                    sizeInBytes: try store.sizeInBytes(ofLayers: layer.map { [$0] } ?? [])))
        }
        return steps.reversed()
    }
}
