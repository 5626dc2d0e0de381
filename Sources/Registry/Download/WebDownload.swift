import AsyncHTTPClient
package import Diagnostics
package import Linux
import NIOCore
import NIOHTTP1

/// A file from the web, for a build: http or https, with proxies and redirects.
package struct WebDownload: Sendable {
    private let address: WebAddress
    private let text: String
    private let settings: RegistrySettings

    /// Reads the address.
    ///
    /// - Parameters:
    ///   - text: the address as the user wrote it.
    ///   - settings: proxies and certificates; certificates are always checked.
    /// - Throws: `.invalid` when it is no address of http or https.
    package init(_ text: String, settings: RegistrySettings) throws(Problem) {
        guard let address = WebAddress(text) else {
            throw Problem(
                kind: .invalid, what: "cannot download \(text)",
                why: "it is no address of http or https")
        }
        self.address = address
        self.text = text
        self.settings = settings
    }

    /// Downloads into a file.
    ///
    /// - Returns: the number of bytes.
    /// - Throws: `.notFound`, `.denied` or `.unavailable` as the server's answer says.
    package func run(into file: borrowing OwnedFD) async throws(Problem) -> Int64 {
        let transport = HTTPTransport(
            proxies: settings.proxies, certificates: settings.certificates, verifiesTLS: true,
            unlessBy: nil, host: nil, patience: HTTPTransport.usualPatience)
        let what = "cannot download \(text)"
        do {
            let response = try await transport.send(WebRequest(address: address))
            guard response.status == .ok else {
                throw Problem(
                    kind: response.status == .notFound ? .notFound : .unavailable, what: what,
                    why:
                        "the server answers \(response.status.code) \(response.status.reasonPhrase)"
                )
            }
            let count = try await response.body.write(to: file)
            if let length = response.headers.first(name: "Content-Length"),
                let length = Int64(length),
                length != count
            {
                throw Problem(
                    kind: .unavailable, what: what,
                    why: "only \(count) of its \(length) bytes arrived", fix: "try again")
            }
            await transport.shutDown()
            return count
        } catch {
            await transport.shutDown()
            throw Problem(transfer: error, what: what)
        }
    }
}

extension HTTPClientResponse.Body {
    /// Writes all of it to a file.
    ///
    /// - Returns: the number of bytes.
    func write(to file: borrowing OwnedFD) async throws -> Int64 {
        var count: Int64 = 0
        for try await portion in self {
            try portion.withUnsafeReadableBytes { bytes throws(SystemCallError) in
                try file.writeAll(bytes)
            }
            count += Int64(portion.readableBytes)
        }
        return count
    }
}

extension Problem {
    /// Puts what ended a transfer from or to a file into words.
    init(transfer error: any Error, what: String) {
        switch error {
        case let problem as Problem: self = problem
        case let failure as TransportFailure:
            self.init(
                kind: failure.stage == .securing ? .denied : .unavailable, what: what,
                why: failure.why, fix: failure.fix, cause: failure)
        case let refusal as SystemCallError:
            self.init(kind: .exhausted, what: what, why: "\(refusal)", cause: refusal)
        default:
            self.init(
                kind: .unavailable, what: what, why: TransportFailure.reason(of: error),
                fix: "try again", cause: error)
        }
    }
}
