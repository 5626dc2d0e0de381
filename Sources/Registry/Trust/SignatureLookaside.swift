import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCI
import SystemPackage

/// Signatures of simple signing in files or at a web server beside the registry
/// (containers-registries.d(5)): `ROOT/REPOSITORY@ALGORITHM=HEX/signature-1` and further numbers.
struct SignatureLookaside: Sendable {
    let place: SignaturePlaces.Place
    /// The repository without its registry.
    let repository: String
    let manifest: Digest
    let settings: RegistrySettings
    let purpose: String

    /// More signatures than one image has.
    private static let limit = 128
    /// More than a signature has.
    private static let signatureLimitInBytes = 4 << 20

    /// All signatures, in order.
    func signatures() async throws -> [[UInt8]] {
        let root = place.lookaside ?? ""
        let name = "\(repository)@\(manifest.algorithm)=\(manifest.encoded)"
        if root.hasPrefix("file://") {
            let directory = FilePath(String(root.dropFirst("file://".count)))
                .pushing(FilePath(name))
            return try await blocking {
                try all { number throws(Problem) in
                    try CredentialStore.read(directory.appending("signature-\(number)"))
                }
            }
        }
        guard let address = WebAddress(root) else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "\"\(root)\" in registries.d is neither a file:// nor an http address")
        }
        let transport = HTTPTransport(
            proxies: settings.proxies, certificates: settings.certificates,
            verifiesTLS: settings.verifiesTLS, unlessBy: "--tls-verify=false", host: nil,
            patience: HTTPTransport.usualPatience)
        let result: Result<[[UInt8]], any Error>
        do {
            result = .success(try await fetch(below: address, name, transport))
        } catch {
            result = .failure(error)
        }
        await transport.shutDown()
        return try result.get()
    }

    private func all(
        _ read: (Int) throws(Problem) -> [UInt8]?
    ) throws(Problem) -> [[UInt8]] {
        var signatures: [[UInt8]] = []
        while signatures.count < Self.limit, let next = try read(signatures.count + 1) {
            signatures.append(next)
        }
        return signatures
    }

    private func fetch(
        below root: WebAddress, _ name: String, _ transport: HTTPTransport
    ) async throws -> [[UInt8]] {
        var signatures: [[UInt8]] = []
        while signatures.count < Self.limit {
            var address = root
            while address.target.hasSuffix("/") { address.target.removeLast() }
            address.target += "/\(name)/signature-\(signatures.count + 1)"
            let response = try await transport.send(WebRequest(address: address))
            guard response.status == .ok else {
                _ = await response.refusal()
                if response.status == .notFound { return signatures }
                throw Problem(
                    kind: .unavailable, what: purpose,
                    why: "\(address) answers \(response.status.code), and the policy wants the "
                        + "signature there")
            }
            let body = try await response.body.collect(upTo: Self.signatureLimitInBytes)
            signatures.append(Array(body.readableBytesView))
        }
        return signatures
    }
}
