import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Takes connections and has their requests answered, one after the other on each.
struct HTTPServer: Sendable {
    private let listener: NIOAsyncChannel<Connection, Never>
    private let connections = ServerConnections()

    /// A connection on which nothing moves for this long is closed.
    private static let patience = TimeAmount.minutes(5)
    /// How long requests may go on once the server is to end.
    private static let gracePeriod = Duration.seconds(10)

    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    /// Answers a request.
    typealias Responder = @Sendable (Request, RequestBody) async -> Response

    /// Listens at an address.
    ///
    /// - Parameters:
    ///   - address: where; its port may be 0.
    ///   - tls: how to speak TLS; nil for plain HTTP.
    /// - Throws: `.conflict` when somebody else listens at the address.
    init(at address: ListenAddress, tls: TLSIdentity?) async throws(Problem) {
        let initializer = { @Sendable (channel: any Channel) in
            channel.eventLoop.makeCompletedFuture { try Self.connection(on: channel, tls: tls) }
        }
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
        do {
            switch address {
            case .network(let host, let port):
                listener =
                    try await bootstrap
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .bind(host: host, port: port, childChannelInitializer: initializer)
            case .socket(let path):
                listener = try await bootstrap.bind(
                    unixDomainSocketPath: path, cleanupExistingSocketFile: true,
                    childChannelInitializer: initializer)
            }
        } catch {
            throw address.problem(error)
        }
    }

    /// The port that it listens at; nil for a socket in the file system.
    var port: Int? { listener.channel.localAddress?.port }

    /// Serves until the task is cancelled; requests under way are finished then.
    func run(log: AccessLog, respond: @escaping Responder) async throws {
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                try await listener.executeThenClose { accepted in
                    for try await connection in accepted {
                        // Being cancelled must not tear off the answers under way.
                        let work = Task {
                            await serve(connection, log: log, respond: respond)
                        }
                        group.addTask { await work.value }
                    }
                }
            }
        } onCancel: {
            listener.channel.close(promise: nil)
            connections.end()
            Task {
                try? await Task.sleep(for: Self.gracePeriod)  // nobody cancels it
                connections.closeAll()
            }
        }
    }

    private static func connection(
        on channel: any Channel, tls: TLSIdentity?
    ) throws -> Connection {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.context())) }
        try pipeline.addHandler(IdleStateHandler(allTimeout: Self.patience))
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        try pipeline.addHandler(IdleConnectionCloser())
        return try Connection(wrappingChannelSynchronously: channel)
    }

    private func serve(
        _ connection: Connection, log: AccessLog, respond: @escaping Responder
    ) async {
        let channel = connection.channel
        guard let place = connections.add(channel) else {
            channel.close(promise: nil)
            return
        }
        defer { connections.remove(place) }
        do {
            try await connection.executeThenClose { parts, answers in
                let exchange = ServerExchange(
                    respond: respond, log: log, body: RequestBody(parts.makeAsyncIterator()),
                    answers: answers, connections: connections,
                    client: channel.remoteAddress.map(Self.name) ?? "-")
                while connections.setBusy(false, at: place),
                    let head = try await exchange.body.nextHead()
                {
                    _ = connections.setBusy(true, at: place)
                    guard try await exchange.answer(head) else {
                        break
                    }
                }
            }
        } catch {
            // The client went away, or spoke no TLS: there is nobody to be told.
        }
    }

    private static func name(of address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "unix" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// Closes a connection on which nothing moves any more.
private final class IdleConnectionCloser: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
