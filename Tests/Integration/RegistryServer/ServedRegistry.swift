import Foundation
import Storage

/// `kade registry serve` over an instance's store, on a free port of 127.0.0.1.
final class ServedRegistry {
    let kade: Kade
    /// Host and port, as references name them.
    let authority: String
    /// The program.
    let server: Tool.Running

    /// The registry that the images pushed to it are named by.
    static let name = "r.example:5000"

    init(_ kade: Kade? = nil, _ flags: String...) throws {
        self.kade = try kade ?? Kade()
        server = try self.kade.serve(["--listen", "127.0.0.1:0", "--name", Self.name] + flags)
        authority = try Self.authority(of: server)
    }

    deinit {
        server.signal(SIGKILL)
        server.process.waitUntilExit()
    }

    /// Where it listens, as it says when it does.
    private static func authority(of server: Tool.Running) throws -> String {
        for _ in 0..<3000 {
            if let line = server.output.split(separator: "\n").first,
                let port = line.split(separator: ":").last?.prefix(while: \.isNumber)
            {
                return "127.0.0.1:\(port)"
            }
            guard server.process.isRunning else { break }
            usleep(20_000)
        }
        throw Tool.Failure(description: "the registry does not start: \(server.errors)")
    }

    var port: UInt16 { authority.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    /// Asks it to end, and waits.
    func end() throws -> Tool.Outcome {
        server.signal(SIGTERM)
        return try server.wait()
    }

    /// What sends requests to it, one on each connection.
    var client: HTTPClient { HTTPClient(port: port) }

    /// Sends a request and reads the answer.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: [UInt8]? = nil
    ) throws -> HTTPAnswer { try client.send(method, path, headers, body) }

    /// Pushes a blob with one request.
    @discardableResult
    func push(blob: [UInt8], to repository: String) throws -> String {
        let digest = "\(ContentHasher.sha256(blob))"
        let answer = try send(
            "POST", "/v2/\(repository)/blobs/uploads/?digest=\(digest)", [:], blob)
        guard answer.status == 201 else { throw Tool.Failure(description: "\(answer)") }
        return digest
    }

    /// Pushes a manifest, and expects that it is taken.
    @discardableResult
    func push(
        manifest: String, type: String = HTTPAnswer.manifestType, as reference: String? = nil,
        to repository: String
    ) throws -> HTTPAnswer {
        let name = reference ?? "\(ContentHasher.sha256(Array(manifest.utf8)))"
        let answer = try send(
            "PUT", "/v2/\(repository)/manifests/\(name)", ["Content-Type": type],
            Array(manifest.utf8))
        guard answer.status == 201 else { throw Tool.Failure(description: "\(answer)") }
        return answer
    }

    /// The blobs of the store, and what is arriving.
    func files() throws -> [String] {
        try Tool.check(
            "find", "\(kade.root)/image/blobs", "\(kade.root)/image/ingest", "-type", "f",
            "-not", "-name", "*.lock"
        ).split(separator: "\n").map { String($0.split(separator: "/").last ?? "") }.sorted()
    }
}

/// Sends requests to a port of this machine, one on each connection.
struct HTTPClient: Sendable {
    let port: UInt16

    /// Sends a request and reads the answer.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: [UInt8]? = nil
    ) throws -> HTTPAnswer {
        let connection = try HTTPConnection(port: port)
        var headers = headers
        if let body { headers["Content-Length"] = headers["Content-Length"] ?? "\(body.count)" }
        try connection.sendHead(method, path, headers)
        if let body { try connection.send(body) }
        return try connection.answer(toHead: method == "HEAD")
    }
}

/// What a server answered.
struct HTTPAnswer: CustomStringConvertible {
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    static let indexType = "application/vnd.oci.image.index.v1+json"

    var status: Int
    /// By lower-case names; values of the same name with ", " between them.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The code of the error that it tells.
    var code: String? {
        (((json as? [String: Any])?["errors"] as? [Any])?.first as? [String: Any])?["code"]
            as? String
    }

    /// The body as JSON; nil for what is none.
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(body)) }

    var description: String { "\(status) \(headers) \(text.prefix(300))" }
}

/// A connection whose every byte a test decides.
final class HTTPConnection {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Tool.Failure(description: "cannot connect: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Breaks the connection off with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    func sendHead(_ method: String, _ path: String, _ headers: [String: String] = [:]) throws {
        let lines =
            ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1"]
            + headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        try send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Tool.Failure(description: "cannot send: \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads an answer, whose length its head says.
    func answer(toHead: Bool = false) throws -> HTTPAnswer {
        var received: [UInt8] = []
        let end: [UInt8] = Array("\r\n\r\n".utf8)
        while received.count < 4 || Array(received.suffix(4)) != end {
            received += try receive(upTo: 1)
        }
        let lines = String(decoding: received, as: UTF8.self).components(separatedBy: "\r\n")
        var answer = HTTPAnswer(status: Int(lines[0].split(separator: " ")[1]) ?? 0)
        for line in lines.dropFirst() where !line.isEmpty {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            let value = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            let name = parts[0].lowercased()
            answer.headers[name] = answer.headers[name].map { "\($0), \(value)" } ?? value
        }
        let length = toHead ? 0 : answer.headers["content-length"].flatMap { Int($0) } ?? 0
        while answer.body.count < length {
            answer.body += try receive(upTo: length - answer.body.count)
        }
        return answer
    }

    private func receive(upTo count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, 1 << 20))
        let received = bytes.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard received > 0 else { throw Tool.Failure(description: "the server has gone") }
        return Array(bytes[..<received])
    }
}
