import Diagnostics
import NIOHTTP1

/// One request to a repository's API, and which answers count.
struct RegistryRequest: Sendable {
    /// GET, HEAD, POST, PATCH, PUT or DELETE.
    var method: HTTPMethod
    /// Where it goes.
    var place: Place
    /// Its headers, without the authorization.
    var headers: [(name: String, value: String)] = []
    /// What it carries.
    var body: WebRequest.Body?
    /// Statuses beyond 2xx that the caller deals with.
    var accepted: Set<UInt> = []
    /// What cannot be done when it fails, for the error.
    var purpose: String

    /// The two ways to name a resource.
    enum Place: Sendable {
        /// Below the repository's address: "manifests/latest".
        case resource(String)
        /// A path of the registry and a query: "/v2/".
        case path(String)
        /// What the registry named in a header `Location`.
        case address(WebAddress)
        /// What a descriptor named in its `urls`: no secret goes there, for the image's author chose it.
        case foreign(WebAddress)
    }
}

/// A failure after which asking again may help.
struct Setback: Error {
    /// The failure.
    var problem: Problem
    /// How long the registry wants to be left alone.
    var retryAfter: Duration?
}
