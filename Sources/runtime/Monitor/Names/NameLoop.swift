import Linux
import Networking
import SystemPackage

/// Answers questions about names until nobody has asked for a while.
final class NameLoop {
    private let sockets: NameSockets
    private let sandbox: NetworkSandbox
    private let file: FilePath
    private let epoll: Epoll
    private var table: NameTable?
    /// Which `network.json` the table was made of.
    private var tableStatus: FileStatus?
    private var exchanges: [UInt64: NameExchange] = [:]
    private var connections: [UInt64: NameConnection] = [:]
    /// What the kernel is asked to tell of each socket.
    private var interests: [UInt64: ReadinessEvents] = [:]
    private var nextToken: UInt64 = 2
    private var lastUse = monotonicNanoseconds()

    /// How long it waits for the next question.
    private static let patience: UInt64 = 5_000_000_000
    /// How long one of the others has time to answer; programs ask again after five seconds.
    private static let upstreamTime: UInt64 = 2_000_000_000
    /// How long a connection may say nothing.
    private static let connectionTime: UInt64 = 10_000_000_000
    private static let maximumExchanges = 200
    private static let maximumConnections = 64

    private enum Token {
        static let datagrams: UInt64 = 0
        static let connections: UInt64 = 1
    }

    init(
        _ sockets: NameSockets, in sandbox: NetworkSandbox, file: FilePath
    ) throws(SystemCallError) {
        self.sockets = sockets
        self.sandbox = sandbox
        self.file = file
        epoll = try Epoll()
        try epoll.add(sockets.datagrams, .readable, token: Token.datagrams)
        try epoll.add(sockets.connections, .readable, token: Token.connections)
    }

    /// Answers.
    func run() throws(SystemCallError) {
        while true {
            let now = monotonicNanoseconds()
            let isIdle = exchanges.isEmpty && connections.isEmpty
            if isIdle, now >= lastUse + Self.patience { return }
            for event in try epoll.wait(milliseconds: wait(from: now)) { try answer(event) }
            expire()
        }
    }

    /// Until something has to happen by itself.
    private func wait(from now: UInt64) -> CInt {
        var next = lastUse + Self.patience
        if !exchanges.isEmpty || !connections.isEmpty { next = now + Self.patience }
        for exchange in exchanges.values { next = min(next, exchange.deadline) }
        for connection in connections.values {
            next = min(next, connection.lastUse + Self.connectionTime)
        }
        return next <= now ? 0 : CInt(clamping: (next - now) / 1_000_000 + 1)
    }

    private func answer(_ event: Epoll.Event) throws(SystemCallError) {
        lastUse = monotonicNanoseconds()
        switch event.token {
        case Token.datagrams:
            // As many as would keep others from being heard, at most.
            for _ in 0..<64 {
                guard let datagram = try sockets.datagrams.nextDatagram(upToBytes: 65535) else {
                    return
                }
                answer(datagram.bytes, .datagram(sender: datagram.sender))
            }
        case Token.connections: try accept()
        default:
            if let exchange = exchanges[event.token] { proceed(exchange, event.token) }
            if let connection = connections[event.token] { serve(connection, event) }
        }
    }

    // MARK: Programs

    private func accept() throws(SystemCallError) {
        let socket: OwnedFD
        do throws(SystemCallError) {
            socket = try sockets.connections.accept()
        } catch {
            return  // the program has gone again
        }
        guard connections.count < Self.maximumConnections else { return }
        let connection = try NameConnection(socket)
        connections[nextToken] = connection
        try watch(connection.socket.rawValue, connection.interest, nextToken)
        nextToken += 1
    }

    private func serve(_ connection: NameConnection, _ event: Epoll.Event) {
        do throws(SystemCallError) {
            guard !event.events.containsAny(of: [.hangUp, .error]) else { return drop(event.token) }
            if event.events.contains(.writable) { try connection.sendWaiting() }
            if event.events.contains(.readable) {
                for question in try connection.read() {
                    answer(question, .connection(token: event.token))
                }
            }
            try adjust(connection, event.token)
        } catch {
            drop(event.token)  // the program is gone
        }
    }

    private func adjust(
        _ connection: NameConnection, _ token: UInt64
    ) throws(SystemCallError) {
        if connection.isDone { return drop(token) }
        try watch(connection.socket.rawValue, connection.interest, token)
    }

    private func drop(_ token: UInt64) {
        connections[token] = nil
        exchanges[token] = nil
        interests[token] = nil
    }

    private func reply(_ bytes: [UInt8], to caller: NameCaller) {
        switch caller {
        case .datagram(let sender):
            // One that cannot be sent is as one that is lost: the program asks again.
            try? sockets.datagrams.send(bytes, to: sender)
        case .connection(let token):
            guard let connection = connections[token] else { return }
            do throws(SystemCallError) {
                try connection.send(bytes)
                try adjust(connection, token)
            } catch {
                drop(token)
            }
        }
    }

    // MARK: Questions

    private func answer(_ bytes: [UInt8], _ caller: NameCaller) {
        switch NameQuery.read(bytes) {
        case .ignored: return
        case .refused(let code): reply(NameResponse.refusal(of: bytes, code), to: caller)
        case .query(let query):
            refresh()
            let resolution = table?.resolve(query) {
                // Without the file there is nobody to be asked.
                (try? File.readText("/etc/resolv.conf")) ?? ""
            }
            switch resolution {
            case .records(let records)?: reply(to: query, caller, .noError, records)
            case .noSuchName?: reply(to: query, caller, .noSuchName)
            case .others(let upstreams)?: ask(query, caller, upstreams)
            case nil: reply(to: query, caller, .serverFailure)
            }
        }
    }

    private func reply(
        to query: NameQuery, _ caller: NameCaller, _ code: ResponseCode,
        _ records: [NameResponse.Record] = []
    ) {
        let limit =
            switch caller {
            case .datagram: query.extendedSize ?? NameQuery.smallestSize
            case .connection: NameFrame.largest
            }
        reply(NameResponse.answer(to: query, code, records, upToBytes: limit), to: caller)
    }

    /// Reads `network.json` where it is another one than before.
    private func refresh() {
        // What cannot be read is as it was.
        guard let status = try? FileStatus(of: file), status != tableStatus,
            let bytes = try? File.read(file),
            let setup = try? NetworkSetup(bytes, named: file.string), let names = setup.names
        else { return }
        table = NameTable(setup, in: NameDirectory(root: FilePath(names.directory)))
        tableStatus = status
    }

    // MARK: Others

    private func ask(_ query: NameQuery, _ caller: NameCaller, _ upstreams: [NameUpstream]) {
        guard exchanges.count < Self.maximumExchanges else {
            return reply(to: query, caller, .serverFailure)
        }
        let exchange = NameExchange(query, from: caller, to: upstreams)
        if case .connection(let token) = caller { connections[token]?.openQuestions += 1 }
        exchanges[nextToken] = exchange
        nextToken += 1
        askNext(exchange, nextToken - 1)
    }

    /// Asks the next one that can be asked; when there is none, the question has failed.
    private func askNext(_ exchange: NameExchange, _ token: UInt64) {
        while let upstream = exchange.upstreams.popFirst() {
            interests[token] = nil
            do throws(SystemCallError) {
                try exchange.begin(
                    over: connect(to: upstream, isConnected: exchange.isConnected),
                    until: monotonicNanoseconds() + Self.upstreamTime)
                if let number = exchange.number {
                    try watch(number, exchange.interest, token)
                }
                return
            } catch {
                continue
            }
        }
        finish(exchange, token, with: exchange.failure)
    }

    private func connect(
        to upstream: NameUpstream, isConnected: Bool
    ) throws(SystemCallError) -> OwnedFD {
        let kind: BoundSocket.Kind = isConnected ? .stream : .datagrams
        let port = NameServerAddress.port
        if upstream.isInside {
            return try sandbox.connect(kind, to: upstream.address, port: port)
        }
        return try ReadySocket.connect(
            kind, to: upstream.address.bytes, port: port, over: upstream.device)
    }

    private func proceed(_ exchange: NameExchange, _ token: UInt64) {
        do throws(SystemCallError) {
            guard let answer = try exchange.proceed() else {
                if let number = exchange.number { try watch(number, exchange.interest, token) }
                return
            }
            switch ResponseCode(of: answer) {
            case .serverFailure?, .refused?, .notImplemented?:
                exchange.failure = answer
                askNext(exchange, token)
            default: finish(exchange, token, with: answer)
            }
        } catch {
            askNext(exchange, token)
        }
    }

    private func finish(_ exchange: NameExchange, _ token: UInt64, with answer: [UInt8]?) {
        drop(token)
        if case .connection(let caller) = exchange.caller {
            connections[caller]?.openQuestions -= 1
        }
        if let answer { return reply(answer, to: exchange.caller) }
        reply(to: exchange.query, exchange.caller, .serverFailure)
    }

    private func expire() {
        let now = monotonicNanoseconds()
        for (token, exchange) in exchanges where exchange.deadline <= now {
            askNext(exchange, token)
        }
        for (token, connection) in connections
        where connection.lastUse + Self.connectionTime <= now && connection.openQuestions == 0 {
            drop(token)
        }
    }

    private func watch(
        _ number: CInt, _ events: ReadinessEvents, _ token: UInt64
    ) throws(SystemCallError) {
        guard interests[token] != events else { return }
        if interests[token] == nil {
            try epoll.add(rawDescriptor: number, events, token: token)
        } else {
            try epoll.change(rawDescriptor: number, to: events, token: token)
        }
        interests[token] = events
    }
}

extension NameExchange {
    /// The number of the socket.
    fileprivate var number: CInt? {
        switch socket {
        case .some(let socket): socket.rawValue
        case .none: nil
        }
    }
}
