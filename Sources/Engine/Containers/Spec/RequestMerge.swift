import Diagnostics
import Networking
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
        merged.process.environment = environment(over: image)
        merged.process.workingDirectory = process.workingDirectory ?? image.workingDir
        merged.process.user = process.user ?? image.user
        for name in image.exposedPorts.names {
            // An image may have anything there; what is no port is none.
            guard let ports = try? PortSpec.parseExposed(name) else { continue }
            merged.network.exposed.formUnion(ports)
        }
        merged.labels = image.labels.merging(labels) { $1 }
        merged.stopSignal = stopSignal ?? image.stopSignal
        if !disablesHealthcheck { merged.health = health.merged(with: image.healthcheck) }
        merged.stopTimeoutInSeconds = stopTimeoutInSeconds ?? image.stopTimeout
        let taken = Set(mounts.map(\.target))
        for target in image.volumes.names where !taken.contains(target) {
            switch imageVolumes {
            case .volume: merged.mounts.append(.anonymousVolume(at: target))
            case .tmpfs:
                merged.mounts.append(
                    MountRequest(
                        kind: .tmpfs(TmpfsRequest()), target: target, isReadOnly: false))
            case .ignore: continue
            }
        }
        return merged
    }

    /// The image's variables with the user's.
    ///
    /// A bare name in it takes a variable of Kade's own out (``processEnvironment(_:hostname:home:)``).
    private func environment(over image: ImageConfiguration.Defaults) -> [String] {
        let removed =
            process.removesAllVariables
            ? ["PATH", "HOSTNAME", "TERM"] : process.removedVariables
        let base =
            process.removesAllVariables ? [] : overlaidEnvironment(image.env, with: removed)
        let merged = process.mergedVariables.map { text in
            VariableText.expanded(text) { name in
                image.env.last { $0.hasPrefix("\(name)=") }
                    .map { String($0.dropFirst(name.utf8.count + 1)) }
            }
        }
        let own = overlaidEnvironment(
            overlaidEnvironment(base, with: merged), with: process.environment)
        let names = Set(own.map { $0.prefix { $0 != "=" } })
        return own + removed.filter { !names.contains($0[...]) }
    }
}
