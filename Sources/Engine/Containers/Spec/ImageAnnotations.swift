import ContainerRuntime
import OCI

/// What a container's annotations say of its image (image-spec, conversion.md § Annotations).
extension ImageConfiguration {
    /// All but labels and stop signal, which the user's flags may change.
    var annotations: [String: String] {
        var own = ["os": os, "architecture": architecture]
        own["variant"] = variant
        own["os.version"] = osVersion
        if !osFeatures.isEmpty { own["os.features"] = osFeatures.joined(separator: ",") }
        own["author"] = author
        own["created"] = created
        if let ports = config?.exposedPorts.names, !ports.isEmpty {
            own["exposedPorts"] = ports.joined(separator: ",")
        }
        return own.prefixedNames
    }
}

extension ContainerRequest {
    /// The annotations of the container's spec: the image's, labels over them, and the user's.
    ///
    /// A label that the runtime would act on is none: an image decides nothing of the kind.
    var allAnnotations: [String: String] {
        var all = imageAnnotations
        if let stopSignal { all.merge(["stopSignal": stopSignal].prefixedNames) { $1 } }
        for (name, value) in labels where !ActingAnnotation.contains(name) { all[name] = value }
        return all.merging(annotations) { $1 }
    }

    /// What to tell of labels that are no annotations.
    var labelWarnings: [String] {
        let left = labels.keys.filter { ActingAnnotation.contains($0) && annotations[$0] == nil }
        return left.sorted().map {
            "The label \($0) is no annotation of the container, since the runtime would act on it; "
                + "--annotation sets it"
        }
    }
}

extension [String: String] {
    fileprivate var prefixedNames: [String: String] {
        [String: String](uniqueKeysWithValues: map { ("org.opencontainers.image." + $0, $1) })
    }
}
