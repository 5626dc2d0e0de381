import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import OCI
import SystemPackage

/// Sends requests over http and https: certificates, proxies and redirects, but no retries.
///
/// The owner calls ``shutDown()`` when the transfer is over.
actor HTTPTransport {
    private let proxies: ProxySettings
    private let certificates: RegistryCertificates
    private let verifiesTLS: Bool
    /// The flag by which a user can do without that; nil where there is none.
    private let unverifiedFlag: String?
    private let host: Host?
    /// How long nothing may come or go; an answer may take its server that long.
    private let patience: TimeAmount
    private var clients: [ProxySettings.Proxy?: HTTPClient] = [:]
    private var tlsConfigurations: [String: TLSConfiguration] = [:]

    /// What is usual of servers whose answers lie there.
    static let usualPatience = TimeAmount.seconds(60)
    /// The most redirects that one request follows.
    private static let longestRedirectChain = 10

    /// How `hosts.toml` wants a host to be spoken to, and under which names it is known.
    struct Host: Sendable {
        var description: RegistryHost
        var authorities: Set<String>
    }

    init(
        proxies: ProxySettings, certificates: RegistryCertificates, verifiesTLS: Bool,
        unlessBy unverifiedFlag: String?, host: Host?, patience: TimeAmount
    ) {
        self.proxies = proxies
        self.certificates = certificates
        self.verifiesTLS = verifiesTLS
        self.unverifiedFlag = unverifiedFlag
        self.host = host
        self.patience = patience
    }

    /// Sends a request and follows its redirects.
    ///
    /// - Returns: the answer's head, with a body that is read piece by piece.
    func send(_ request: WebRequest) async throws -> HTTPClientResponse {
        var request = request
        for _ in 0...Self.longestRedirectChain {
            let response = try await sendOnce(request)
            guard let location = redirect(of: response) else { return response }
            guard let next = request.address.resolving(location) else {
                throw TransportFailure(
                    stage: .forbidden, why: "it redirects to '\(location)', no http address")
            }
            if verifiesTLS, request.address.scheme == .https, next.scheme == .http {
                throw TransportFailure(
                    stage: .forbidden, why: "it redirects from https to \(next), which is http",
                    fix: unverifiedFlag.map { "allow it with \($0)" }
                        ?? "give that address, if you trust it")
            }
            if !next.hasSameOrigin(as: request.address) {
                request.authorization = nil
                request.ownHeaders = []
            }
            request.address = next
            if response.status == .seeOther { request.method = .GET }
        }
        throw TransportFailure(
            stage: .forbidden, why: "it redirects more than \(Self.longestRedirectChain) times")
    }

    /// Ends all connections.
    func shutDown() async {
        for client in clients.values {
            // Best effort: the process ends next, and with it the connections.
            try? await client.shutdown()
        }
        clients = [:]
    }

    private func sendOnce(_ request: WebRequest) async throws -> HTTPClientResponse {
        let proxy = proxies.proxy(for: request.address)
        let client = try client(through: proxy)
        var message = HTTPClientRequest(url: request.address.description)
        message.method = request.method
        message.headers.add(name: "User-Agent", value: "kade")
        for header in request.headers + request.ownHeaders {
            message.headers.add(name: header.name, value: header.value)
        }
        for header in description(of: request.address)?.headers ?? [] {
            message.headers.add(name: header.name, value: header.value)
        }
        if let authorization = request.authorization {
            message.headers.replaceOrAdd(name: "Authorization", value: authorization)
        }
        message.attach(request.body)
        if request.address.scheme == .https {
            message.tlsConfiguration = try tlsConfiguration(for: request.address)
        }
        do {
            return try await client.execute(message, deadline: .distantFuture)
        } catch {
            try Task.checkCancellation()
            throw TransportFailure(
                error, address: request.address, proxy: proxy, unverifiedFlag: unverifiedFlag)
        }
    }

    /// What `hosts.toml` says of the host at an address, and of no other: it may have secrets.
    private func description(of address: WebAddress) -> RegistryHost? {
        host.flatMap { $0.authorities.contains(address.authority) ? $0.description : nil }
    }

    private func redirect(of response: HTTPClientResponse) -> String? {
        switch response.status {
        case .movedPermanently, .found, .seeOther, .temporaryRedirect, .permanentRedirect:
            response.headers.first(name: "Location")
        default:
            nil
        }
    }

    private func client(through proxy: ProxySettings.Proxy?) throws -> HTTPClient {
        if let client = clients[proxy] { return client }
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: connectTimeout, read: patience, write: patience),
            decompression: .disabled)
        configuration.httpVersion = .http1Only  // one connection a layer, each with its own window
        // A connection that was refused is this module's to try again, with its schedule.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = try proxy.map(Self.configuration)
        // The connection is read again only when its last portions have been taken, by a task that
        // waits for a processor which decompression may have: so they are large.
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.setOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1 << 10, initial: 1 << 14, maximum: 1 << 18))
        }
        let client = HTTPClient(
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        clients[proxy] = client
        return client
    }

    private var connectTimeout: TimeAmount {
        host?.description.dialTimeoutInNanoseconds.map { .nanoseconds($0) } ?? .seconds(30)
    }

    private static func configuration(
        of proxy: ProxySettings.Proxy
    ) throws -> HTTPClient.Configuration.Proxy {
        switch proxy.scheme {
        case "http":
            let authorization = proxy.credentials.map {
                HTTPClient.Authorization.basic(credentials: Base64.encode(Array($0.utf8)))
            }
            return .server(host: proxy.host, port: proxy.port, authorization: authorization)
        case "socks5", "socks5h":
            guard proxy.credentials == nil else {
                throw TransportFailure(
                    stage: .forbidden, why: "the SOCKS proxy \(proxy.host) wants a password",
                    fix: "use an http proxy, or one without a password")
            }
            return .socksServer(host: proxy.host, port: proxy.port)
        default:
            throw TransportFailure(
                stage: .forbidden,
                why: "the proxy \(proxy.scheme)://\(proxy.host) speaks \(proxy.scheme)",
                fix: "set http_proxy or https_proxy to an http:// or socks5:// address")
        }
    }

    private func tlsConfiguration(for address: WebAddress) throws -> TLSConfiguration {
        if let known = tlsConfigurations[address.authority] { return known }
        let ofHost = description(of: address)
        var configuration = try certificates.tlsConfiguration(for: address, of: ofHost)
        if ofHost?.skipsVerification == true || !verifiesTLS || LoopbackHost.contains(address.host)
        {
            configuration.certificateVerification = .none
        }
        tlsConfigurations[address.authority] = configuration
        return configuration
    }
}

extension HTTPClientRequest {
    /// Gives the request its body.
    fileprivate mutating func attach(_ content: WebRequest.Body?) {
        switch content {
        case .form(let form):
            headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            body = .bytes(ByteBuffer(string: form))
        case .document(let bytes, let type):
            headers.add(name: "Content-Type", value: type)
            body = .bytes(ByteBuffer(bytes: bytes))
        case .file(let file):
            headers.add(name: "Content-Type", value: "application/octet-stream")
            body = .stream(file, length: .known(file.sizeInBytes))
        case nil:
            break
        }
    }
}

extension TransportFailure {
    /// Puts an error of the HTTP client into words.
    fileprivate init(
        _ error: any Error, address: WebAddress, proxy: ProxySettings.Proxy?,
        unverifiedFlag: String?
    ) {
        if let failure = error as? TransportFailure {
            self = failure
            return
        }
        let peer = proxy.map { "the proxy \($0.host):\($0.port)" } ?? address.authority
        switch error {
        case let error as NIOConnectionError:
            let reason =
                error.connectionErrors.first.map { Self.reason(of: $0.error) }
                ?? "its name cannot be resolved"
            self.init(
                stage: .connecting, why: "cannot connect to \(peer): \(reason)",
                fix: "check the address \(address.authority), the network and the proxy variables")
        case let error as IOError where Self.isUnreachable(error):
            self.init(
                stage: .connecting, why: "cannot connect to \(peer): \(Self.reason(of: error))",
                fix: "check the address \(address.authority), the network and the proxy variables")
        case let error as HTTPClientError where error == .connectTimeout:
            self.init(stage: .connecting, why: "\(peer) does not answer in time")
        case let error as HTTPClientError where error == .proxyAuthenticationRequired:
            self.init(
                stage: .forbidden, why: "\(peer) wants a password",
                fix: "put it into the variable: https_proxy=http://user:password@host:port")
        case is NIOSSLExtraError, is NIOSSLError, is BoringSSLError:
            self.init(
                stage: .securing, why: "the TLS connection to \(peer) failed: \(error)",
                fix: "trust its certificate by /etc/docker/certs.d/\(address.authority)/ca.crt"
                    + (unverifiedFlag.map { ", or use \($0)" } ?? ""))
        default:
            self.init(stage: .transferring, why: Self.reason(of: error))
        }
    }

    /// Whether nobody is at an address, as opposed to somebody who broke off.
    private static func isUnreachable(_ error: IOError) -> Bool {
        [Errno.connectionRefused, .noRouteToHost, .networkUnreachable]
            .contains(Errno(rawValue: error.errnoCode))
    }

    /// The reason of an error that breaks a transfer.
    static func reason(of error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            "the connection was closed half-way"
        case let error as HTTPClientError where error == .readTimeout:
            "nothing arrived for too long"
        case let error as HTTPClientError where error == .writeTimeout:
            "nothing could be sent for too long"
        case let error as HTTPClientError:
            error.shortDescription
        case let error as IOError:
            String(describing: Errno(rawValue: error.errnoCode))
        default:
            String(describing: error)
        }
    }
}
