import Diagnostics
import Engine
import OCI
import Storage

/// Which layers of an image become one.
package enum LayerSquash: Sendable, Equatable {
    case none
    /// Those that the build made (`--squash`).
    case new
    /// All of them, the base image's too (`--squash-all`).
    case all
}

extension ImageBuild {
    /// A stage's result with layers made into one as the request asks.
    ///
    /// The history stays, and names no layer but the new one.
    func squashed(_ result: StageResult) throws(Problem) -> StageResult {
        guard request.squash != .none else { return result }
        var result = result
        let kept = request.squash == .all ? 0 : result.inheritedLayers
        guard result.layers.count > kept else { return result }
        guard request.plan == nil else { return foreseeSquash(of: result) }
        let layer = try engine.steps.squash(
            result.diffIDs, keeping: kept,
            latestTimeInSeconds: request.keepsFileTimes ? nil : result.epochInSeconds)
        if let layer { try protect([layer.descriptor.digest, layer.diffID]) }
        let count = result.layers.count - kept
        result.layers.removeSubrange(kept...)
        let own = request.squash == .all ? 0 : result.inheritedHistory
        for index in result.history.indices.dropFirst(own) {
            result.history[index].emptyLayer = true
        }
        if let layer {
            result.layers.append(BuiltLayer(descriptor: layer.descriptor, diffID: layer.diffID))
            result.history.append(
                .init(
                    created: result.created, comment: "\(count) layers squashed into one"))
        }
        return result
    }
}
