import NIOCore
import NIOHTTP1

/// One request to a registry or token server.
struct WebRequest: Sendable {
    /// GET, HEAD, POST, PATCH, PUT or DELETE.
    var method: HTTPMethod = .GET
    /// Where it goes.
    var address: WebAddress
    /// Its headers, without the authorization.
    var headers: [(name: String, value: String)] = []
    /// Headers for this origin alone: they do not follow a redirect to another one.
    var ownHeaders: [(name: String, value: String)] = []
    /// The value of the header `Authorization`; it does not follow a redirect to another origin.
    var authorization: String?
    /// What it carries; it can be sent again.
    var body: Body?

    /// A request's content.
    enum Body: Sendable {
        /// A form's text (application/x-www-form-urlencoded).
        case form(String)
        /// A document and its media type.
        case document([UInt8], type: String)
        /// A part of a file.
        case file(FileBody)
    }
}

/// Why no answer came, and whether asking again may help.
struct TransportFailure: Error {
    /// How far the request got.
    enum Stage {
        /// No connection: refused, no route, no such host.
        case connecting
        /// A certificate or the TLS handshake failed; asking again gives the same.
        case securing
        /// The connection broke, or nothing came for too long.
        case transferring
        /// The request or a redirect cannot be followed at all.
        case forbidden
    }

    var stage: Stage
    /// The reason, in words for a person.
    var why: String
    /// What the user can do.
    var fix: String?
}
