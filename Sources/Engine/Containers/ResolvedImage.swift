import Diagnostics
import OCI

/// An image as a container needs it.
struct ResolvedImage: Sendable {
    /// `sha256:…` of the configuration, or `host`.
    var id: String
    var defaults: ImageConfiguration.Defaults
    /// The diffIDs of the layers, the lowest first.
    var layers: [String]
    /// What to tell the user: an image of another platform than asked.
    var warnings: [String] = []
}

extension EngineContext {
    /// Finds the image of a request: `host`, or one of the store.
    func image(for request: ContainerRequest) throws(Problem) -> ResolvedImage {
        if request.image == HostImage.name {
            return ResolvedImage(id: HostImage.name, defaults: HostImage.defaults, layers: [])
        }
        throw Problem(kind: .notFound, what: "No such image: \(request.image)", why: "soon")
    }
}
