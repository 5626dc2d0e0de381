import AsyncHTTPClient
package import Diagnostics
import NIOCore
import NIOHTTP1
import OCI

/// What a registry says when it does not do what was asked (distribution-spec, Error Codes).
package struct RegistryRefusal: Sendable, Equatable {
    /// The HTTP status.
    package var status: UInt
    /// The code of the first error, such as MANIFEST_UNKNOWN; nil when the body is not the
    /// specification's.
    package var code: String?
    /// The registry's own words.
    package var message: String?

    /// Reads an answer's status and body.
    package init(status: UInt, body: [UInt8]) {
        self.status = status
        let json = try? JSONValue.parse(body, named: "answer")  // any other body has no code
        let first = json?["errors"]?.array?.first
        code = first?["code"]?.string
        message = first?["message"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The refusal as an error.
    ///
    /// - Parameters:
    ///   - what: what could not be done.
    ///   - registry: who refuses.
    /// - Returns: the error, with the kind that code or status mean.
    package func problem(what: String, registry: String) -> Problem {
        let words = [code, message].compactMap { $0 }.joined(separator: ": ")
        let why =
            words.isEmpty ? "\(registry) answers \(status)" : "\(registry) says \(words)"
        switch (code, status) {
        case ("TOOMANYREQUESTS", _), (_, 429):
            return Problem(
                kind: .exhausted, what: what, why: "\(why) (too many requests)",
                fix: "wait a while, or log in for a higher limit: kade login \(registry)")
        case ("UNAUTHORIZED", _), ("DENIED", _), (_, 401), (_, 403):
            return Problem(
                kind: .denied, what: what, why: why,
                fix: "log in with: kade login \(registry)")
        case ("MANIFEST_UNKNOWN", _), ("NAME_UNKNOWN", _), ("BLOB_UNKNOWN", _), (_, 404):
            return Problem(
                kind: .notFound, what: what, why: why,
                fix: "check the name and the tag; a private image needs a login")
        case ("DIGEST_INVALID", _):
            return Problem(
                kind: .corrupt, what: what, why: why,
                fix: "the content in the store or on its way is damaged: pull the image again")
        case ("NAME_INVALID", _), ("UNSUPPORTED", _), (_, 400..<500):
            return Problem(kind: .invalid, what: what, why: why)
        default:
            return Problem(
                kind: .unavailable, what: what, why: why, fix: "try again later")
        }
    }
}

extension HTTPClientResponse {
    /// Reads the (small) body of a refusal, so that the connection can be used again.
    func refusal() async -> RegistryRefusal {
        // A body that is too long or breaks off says nothing more than the status does.
        let body = try? await body.collect(upTo: 64 << 10)
        return RegistryRefusal(
            status: status.code, body: body.map { Array($0.readableBytesView) } ?? [])
    }
}
