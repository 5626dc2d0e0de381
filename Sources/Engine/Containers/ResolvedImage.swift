import Diagnostics
import OCI

/// An image as a container needs it.
struct ResolvedImage: Sendable {
    /// `sha256:…` of the configuration, or `host`.
    var id: String
    var defaults: ImageConfiguration.Defaults
    /// What its containers' annotations say of it, labels and stop signal apart.
    var annotations: [String: String] = [:]
    /// The diffIDs of the layers, the lowest first.
    var layers: [String]
    /// What to tell the user: an image of another platform than this machine's.
    var warnings: [String] = []
}

extension EngineContext {
    /// Finds the image of a request: `host`, or one of the store.
    func image(for request: ContainerRequest) throws(Problem) -> ResolvedImage {
        let platform = try request.platform.map { text throws(Problem) in
            try Platform(parsing: text)
        }
        if request.rootfs != nil || request.image == HostImage.name {
            if let platform, !Platform.host.runnable.contains(platform) {
                throw Problem(
                    kind: .invalid, what: "cannot use \(request.image) for \(platform)",
                    why: "its programs are this machine's (\(Platform.host))",
                    fix: "leave --platform out")
            }
            if let rootfs = request.rootfs { return try image(of: rootfs) }
            try checkHostImage()
            return ResolvedImage(id: HostImage.name, defaults: HostImage.defaults, layers: [])
        }
        let image = try imageStore().image(named: request.image, platform: platform)
        guard !image.isArtifact else {
            throw Problem(
                kind: .invalid, what: "cannot create a container of \(request.image)",
                why: "it is an artifact of the type "
                    + "\(image.manifest.artifactType ?? image.manifest.config.mediaType.rawValue), "
                    + "no container image")
        }
        var warnings: [String] = []
        let own = image.platform
        if platform == nil, !Platform.host.runnable.contains(own) {
            warnings.append(
                "The requested image's platform (\(own)) does not match the detected host "
                    + "platform (\(Platform.host)) and no specific platform was requested")
        }
        let defaults = image.configuration.config ?? .init()
        return ResolvedImage(
            id: "\(image.id)", defaults: defaults,
            annotations: image.configuration.annotations,
            layers: image.configuration.rootfs.diffIDs.map(\.description), warnings: warnings)
    }
}
