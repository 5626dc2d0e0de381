import AsyncHTTPClient
package import Diagnostics
package import Linux
import NIOCore
import NIOHTTP1
import OCI
import SystemPackage

/// The images of Docker's daemon: `docker-daemon:` of containers-transports(5).
///
/// They come and go as archives (Docker Engine API, "Export several images", "Import images").
package struct DockerDaemon: Sendable {
    /// Where it listens: without a target.
    private let address: WebAddress
    private let settings: RegistrySettings

    /// Before the first byte of an archive the daemon writes all layers to its disk.
    private static let patience = TimeAmount.hours(1)
    /// More than the daemon says of a load.
    private static let answerLimitInBytes = 1 << 20

    /// Finds the daemon as Docker's own client does.
    ///
    /// - Parameters:
    ///   - settings: proxies, for a daemon on another machine.
    ///   - environment: looks DOCKER_HOST and DOCKER_TLS_VERIFY up.
    /// - Throws: `.unsupported` for a daemon that is reached by ssh or TLS, `.unavailable` where no
    ///   socket is.
    package init(
        settings: RegistrySettings, environment: (String) -> String?
    ) throws(Problem) {
        self.settings = settings
        let named = environment("DOCKER_HOST").flatMap { $0.isEmpty ? nil : $0 }
        let host = named ?? "unix:///var/run/docker.sock"
        let what = "cannot reach Docker's daemon at \(host)"
        let save = "docker save NAME | kade load, or kade save NAME | docker load"
        if host.hasPrefix("unix://") {
            let socket = String(host.dropFirst("unix://".count))
            guard File.exists(FilePath(socket)) else {
                throw Problem(
                    kind: .unavailable, what: what, why: "there is no such socket",
                    fix: "start dockerd, or say in DOCKER_HOST where it listens")
            }
            address = WebAddress(socket: socket, target: "/")
            return
        }
        let usesTLS = environment("DOCKER_TLS_VERIFY").map { !$0.isEmpty } ?? false
        guard host.hasPrefix("tcp://"), !usesTLS else {
            throw Problem(
                kind: .unsupported, what: what,
                why: "this version of Kade reaches it by unix:// and by tcp:// without TLS",
                fix: save)
        }
        guard let address = WebAddress("http://" + host.dropFirst("tcp://".count)) else {
            throw Problem(
                kind: .invalid, what: what, why: "DOCKER_HOST is no address",
                fix: "write it as unix:///PATH or tcp://HOST:PORT")
        }
        self.address = address
    }

    /// Writes an image as an archive.
    ///
    /// - Parameters:
    ///   - name: of the image, or its ID.
    ///   - file: gets the archive, at its offset.
    /// - Throws: `.notFound` when the daemon has no such image; else what ended the transfer.
    package func save(_ name: String, to file: borrowing OwnedFD) async throws(Problem) {
        let what = "cannot pull docker-daemon:\(name)"
        let transport = transport
        do {
            let response = try await transport.send(
                request(.GET, "images/get?names=\(name.escapedForQuery)"))
            try await check(response, what)
            _ = try await response.body.write(to: file)
            await transport.shutDown()
        } catch {
            await transport.shutDown()
            throw Problem(transfer: error, what: what)
        }
    }

    /// Gives the daemon the images of an archive.
    ///
    /// - Parameters:
    ///   - file: the archive.
    ///   - name: what is pushed, for errors.
    /// - Throws: `.unavailable` with the daemon's own words when it does not take them.
    package func load(_ file: HeldFile, named name: String) async throws(Problem) {
        let what = "cannot push docker-daemon:\(name)"
        let transport = transport
        do {
            var request = request(.POST, "images/load?quiet=1")
            request.body = .file(
                FileBody(file: file, range: 0..<(try file.sizeInBytes())) { _ in })
            let response = try await transport.send(request)
            try await check(response, what)
            // What goes wrong while it reads is told in the answer, which says 200 before.
            let answer = try await response.body.collect(upTo: Self.answerLimitInBytes)
            if let why = Self.mistake(in: Array(answer.readableBytesView)) {
                throw Problem(kind: .unavailable, what: what, why: "the daemon says: \(why)")
            }
            await transport.shutDown()
        } catch {
            await transport.shutDown()
            throw Problem(transfer: error, what: what)
        }
    }

    /// What went wrong, in the JSON values of an answer; nil when nothing did.
    static func mistake(in answer: [UInt8]) -> String? {
        for line in answer.split(separator: UInt8(ascii: "\n")) {
            // A line that is no JSON says nothing of a mistake.
            let json = try? JSONValue.parse(Array(line), named: "the daemon's answer")
            if let why = json?["errorDetail"]?["message"]?.string ?? json?["error"]?.string {
                return why
            }
        }
        return nil
    }

    private var transport: HTTPTransport {
        HTTPTransport(
            proxies: settings.proxies, certificates: settings.certificates, verifiesTLS: true,
            unlessBy: nil, host: nil, patience: Self.patience)
    }

    private func request(_ method: HTTPMethod, _ target: String) -> WebRequest {
        var address = address
        address.target = "/" + target
        var request = WebRequest(method: method, address: address)
        // The client knows no host of a socket, and the daemon wants one.
        if address.socket != nil { request.headers = [("Host", "docker")] }
        return request
    }

    private func check(_ response: HTTPClientResponse, _ what: String) async throws {
        guard response.status != .ok else { return }
        // A body that is too long or breaks off says nothing more than the status does.
        let body = try? await response.body.collect(upTo: 64 << 10)
        let json = body.flatMap {
            try? JSONValue.parse(Array($0.readableBytesView), named: "the daemon's answer")
        }
        let words = json?["message"]?.string ?? "\(response.status)"
        let isMissing = response.status == .notFound
        throw Problem(
            kind: isMissing ? .notFound : .unavailable, what: what,
            why: "the daemon says: \(words)",
            fix: isMissing ? "see which images it has: docker images" : nil)
    }
}
