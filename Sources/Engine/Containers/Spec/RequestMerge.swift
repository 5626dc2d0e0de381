import Diagnostics
import OCI

extension ContainerRequest {
    /// The request with what the image says filled in where the user said nothing.
    func merged(with image: ImageConfiguration.Defaults) -> ContainerRequest {
        var merged = self
        if process.entrypoint == nil {
            merged.process.entrypoint = image.entrypoint.isEmpty ? nil : image.entrypoint
            if command == nil { merged.command = image.cmd.isEmpty ? nil : image.cmd }
        } else if process.entrypoint == [] || process.entrypoint == [""] {
            merged.process.entrypoint = nil
        }
        merged.process.environment = overlaidEnvironment(image.env, with: process.environment)
        merged.process.workingDirectory = process.workingDirectory ?? image.workingDir
        merged.process.user = process.user ?? image.user
        merged.labels = image.labels.merging(labels) { $1 }
        merged.stopSignal = stopSignal ?? image.stopSignal
        if !disablesHealthcheck { merged.health = health.merged(with: image.healthcheck) }
        merged.stopTimeoutInSeconds = stopTimeoutInSeconds ?? image.stopTimeout
        let taken = Set(mounts.map(\.target))
        for target in image.volumes.names where !taken.contains(target) {
            merged.mounts.append(.anonymousVolume(at: target))
        }
        return merged
    }
}
