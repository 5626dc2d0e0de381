import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// What happens when something happens.
extension Monitor {
    /// Answers one event.
    func answer(_ event: Epoll.Event) throws(Problem) {
        typealias Token = MonitorSources.Token
        switch event.token {
        case Token.listener:
            let socket = try explaining("cannot take in a client") {
                () throws(SystemCallError) in try sources.listener.accept()
            }
            try add(Client(socket: socket))
        case Token.signals:
            guard try sources.isAskedToEnd() else { return }
            try stop(
                Signal(rawValue: CInt(configuration.stopSignal)),
                timeoutInMilliseconds: configuration.stopTimeoutInMilliseconds,
                because: .machine, of: nil)
        case Token.timer: try alarm()
        case Token.logCompressor:
            sources.forget(event.token)
            try log.reapCompressor()
        case Token.nameDatagrams, Token.nameConnections, Token.nameProcess:
            try answerNames(event.token)
        default:
            if event.token >= Token.firstClient { return try answerClient(event) }
            if event.token >= Token.firstArrival { return try answerArrival(event.token) }
            guard case .running(let run) = phase else { return }
            switch event.token {
            case Token.process: try end(run)
            case Token.start: try finishStart(of: run)
            case Token.healthTimer, Token.healthProcess: try answerHealth(event.token)
            case Token.memory: try answerMemory()
            case Token.notification: try answerNotification(event.events, of: run)
            case Token.output: _ = try pass(.output, of: run)
            case Token.error: _ = try pass(.error, of: run)
            default: try passInput(run)
            }
        }
    }

    /// Asks for the events that matter now: nobody reads what nobody can take.
    func adjustInterests() throws(Problem) {
        if let number = log.compressor {
            try sources.want(.readable, of: number, MonitorSources.Token.logCompressor)
        }
        var holdsInput = false
        if case .running(let run) = phase {
            let isHeld = clients.values.contains(where: \.isCongested)
            for stream in [LogStream.output, .error] {
                guard let number = run.streams.number(of: stream) else { continue }
                try sources.want(isHeld ? [] : .readable, of: number, stream.token)
            }
            holdsInput = run.streams.isInputCongested
            // The terminal takes input through the descriptor that its output comes from.
            if let number = run.streams.inputNumber, !run.streams.isTerminal {
                try sources.want(
                    holdsInput ? .writable : [], of: number, MonitorSources.Token.input)
            }
        }
        for (token, client) in clients {
            var events: ReadinessEvents = client.isCongested ? .writable : []
            let waits = holdsInput && client.options.contains(.standardInput)
            if !waits { events.insert(.readable) }
            try sources.want(events, of: client.socket.rawValue, token)
        }
    }

    // MARK: The container's streams

    /// Passes on what the program has written, once.
    ///
    /// - Returns: false when there was nothing.
    private func pass(
        _ stream: LogStream, of run: ContainerRun
    ) throws(Problem) -> Bool {
        guard let bytes = try run.streams.read(stream) else { return false }
        guard !bytes.isEmpty else {
            sources.forget(stream.token)
            run.streams.close(stream)
            return false
        }
        if run.streams.isTerminal, run.streams.isInputCongested { try passInput(run) }
        log.take(bytes, of: stream)
        try tellAll(stream == .output ? .output(bytes) : .error(bytes))
        return true
    }

    /// Passes on everything that the program wrote before it ended.
    func drain(_ run: ContainerRun) throws(Problem) {
        while try pass(.output, of: run) {}
        while try pass(.error, of: run) {}
    }

    private func passInput(_ run: ContainerRun) throws(Problem) {
        do throws(SystemCallError) {
            try run.streams.writeWaiting()
        } catch {
            // The program has closed its standard input: nobody will read the rest.
            sources.forget(MonitorSources.Token.input)
            run.streams.dropInput()
        }
    }

    // MARK: Clients

    /// Sends a message to every client that wants it; those that are gone are let go.
    func tellAll(_ message: MonitorMessage) throws(Problem) {
        for (token, client) in clients where client.wants(message) {
            if !client.send(message) { try letGo(token) }
        }
    }

    /// Sends a message to one client, if it is still there.
    func tell(_ message: MonitorMessage, to token: UInt64) throws(Problem) {
        guard let client = clients[token] else { return }
        if !client.send(message) { try letGo(token) }
    }

    private func answerClient(_ event: Epoll.Event) throws(Problem) {
        guard let client = clients[event.token] else { return }
        if event.events.contains(.writable), !client.sendWaiting() {
            return try letGo(event.token)
        }
        guard event.events.containsAny(of: [.readable, .hangUp, .error]) else { return }
        let datagram: [UInt8]
        do throws(SystemCallError) {
            datagram = try client.socket.receive(upToBytes: monitorChunkInBytes + 16)
        } catch {
            return try letGo(event.token)
        }
        guard !datagram.isEmpty else { return try letGo(event.token) }
        do throws(Problem) {
            try answer(ClientMessage(datagram: datagram), from: client, event.token)
        } catch {
            // A client that does not speak the protocol, or asks the impossible, hears why.
            if !client.send(.problem(json: error.json)) { try letGo(event.token) }
        }
    }

    private func answer(
        _ message: ClientMessage, from client: Client, _ token: UInt64
    ) throws(Problem) {
        switch message {
        case .attach(let options):
            client.options = options
            client.isAttached = true
            guard case .running(let run) = phase else { return }
            if !client.send(.started(pid: run.process.id)) { try letGo(token) }
        case .input(let bytes):
            guard case .running(let run) = phase else { return }
            do throws(SystemCallError) {
                try run.streams.write(bytes)
            } catch {
                run.streams.dropInput()  // the program has closed its standard input
            }
        case .endOfInput:
            guard case .running(let run) = phase else { return }
            run.streams.endInput()
        case .resize(let rows, let columns):
            guard case .running(let run) = phase, run.streams.isTerminal,
                let number = run.streams.number(of: .output)
            else { return }
            try explaining("cannot resize the terminal") { () throws(SystemCallError) in
                try WindowSize(rows: rows, columns: columns).apply(to: number)
            }
            tell(.resize, ["height": "\(rows)", "width": "\(columns)"])
        case .signal(let number): try pass(Signal(rawValue: CInt(number)), of: client)
        case .reload: try reload()
        case .changeNetwork:
            try changeNetwork()
            if !client.send(.networkChanged) { try letGo(token) }
        case .checkHealth: try checkHealth(for: token)
        case .stop(let signal, let timeout):
            try noteStopByUser()
            try stop(
                Signal(rawValue: CInt(signal)), timeoutInMilliseconds: timeout, because: .stop,
                of: client.identity)
        }
    }

    private func letGo(_ token: UInt64) throws(Problem) {
        guard let client = clients.removeValue(forKey: token) else { return }
        // Whoever else holds the client keeps its socket open, and a hang-up is told for ever.
        try sources.want([], of: client.socket.rawValue, token)
        // From now on it waits for the container alone, perhaps for months.
        if clients.isEmpty, case .running = phase { releaseUnusedMemory() }
        guard configuration.endsInputWithClient, client.options.contains(.standardInput),
            case .running(let run) = phase
        else { return }
        run.streams.endInput()
    }
}

extension LogStream {
    fileprivate var token: UInt64 {
        switch self {
        case .output: MonitorSources.Token.output
        case .error: MonitorSources.Token.error
        }
    }
}
