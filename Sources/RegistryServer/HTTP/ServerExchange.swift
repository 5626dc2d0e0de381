import NIOCore
import NIOHTTP1
import Registry

/// Requests and answers of one connection.
struct ServerExchange {
    let respond: HTTPServer.Responder
    let log: AccessLog
    let body: RequestBody
    let answers: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    let connections: ServerConnections
    let client: String

    /// How much of a file is read at once.
    private static let portionInBytes = 256 << 10
    /// How much of a body is read that nobody wants, so that the connection can go on.
    private static let unwantedInBytes = 1 << 20
    /// How much more is read so that the client gets to the answer before the connection ends.
    private static let lingeringInBytes = 256 << 20

    /// Answers a request.
    ///
    /// - Returns: whether another one may follow on the connection.
    func answer(_ head: HTTPRequestHead) async throws -> Bool {
        let started = ContinuousClock.now
        let isWaiting = head.headers.first(name: "Expect")?.lowercased() == "100-continue"
        body.beforeReading(isWaiting ? invite : nil)
        var response: Response
        do throws(Refusal) {
            response = await respond(try Request(head, client: client), body)
        } catch {
            response = error.response
        }
        let isReadable = try await body.drain(upToBytes: Self.unwantedInBytes)
        let goesOn = head.isKeepAlive && isReadable && !connections.isEnding
        if !goesOn { response.headers.add(name: "Connection", value: "close") }
        do {
            try await write(response, to: head)
        } catch {
            log.note(head, client: client, response, after: .now - started, isBroken: true)
            throw error
        }
        log.note(head, client: client, response, after: .now - started, isBroken: false)
        if !isReadable { _ = try await body.drain(upToBytes: Self.lingeringInBytes) }
        return goesOn
    }

    /// Tells a client that waits for it to send the body.
    private func invite() async throws {
        try await answers.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
    }

    private func write(_ response: Response, to head: HTTPRequestHead) async throws {
        var answer = HTTPResponseHead(version: .http1_1, status: response.status)
        answer.headers = response.headers
        answer.headers.add(name: "Date", value: HTTPDate.now)
        if response.status != .noContent, !response.headers.contains(name: "Content-Length") {
            answer.headers.add(name: "Content-Length", value: "\(response.body.sizeInBytes)")
        }
        try await answers.write(.head(answer))
        if head.method != .HEAD { try await write(response.body) }
        try await answers.write(.end(nil))
    }

    private func write(_ content: Response.Body) async throws {
        switch content {
        case .none: break
        case .bytes(let bytes):
            try await answers.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
        case .file(let file, let range):
            var offset = range.lowerBound
            while offset < range.upperBound {
                let size = min(Int64(Self.portionInBytes), range.upperBound - offset)
                let portion = try await blocking { [offset] in
                    try file.portion(at: offset, count: Int(size))
                }
                try await answers.write(.body(.byteBuffer(portion)))
                offset += size
            }
        }
    }
}
