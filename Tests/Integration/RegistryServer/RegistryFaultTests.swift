import Foundation
import Storage
import Testing

/// Clients, disks and machines that do not do as they should, and `kade registry serve`.
@Suite struct RegistryFaultTests {
    let folder: TemporaryFolder
    let kade: Kade
    /// 3,000,000 bytes that differ.
    let blob = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 9) }

    init() throws {
        folder = try TemporaryFolder()
        kade = try Kade()
    }

    private var digest: String { "\(ContentHasher.sha256(blob))" }

    private func begin(at registry: ServedRegistry) throws -> String {
        try #require(
            try registry.send("POST", "/v2/a/blobs/uploads/", [:], []).headers["location"])
    }

    /// How many bytes of an upload have arrived.
    private func arrived(_ upload: String, at registry: ServedRegistry) throws -> Int {
        let answer = try registry.send("GET", upload)
        let last = answer.headers["range"]?.split(separator: "-").last.flatMap { Int($0) } ?? 0
        return last == 0 ? 0 : last + 1
    }

    /// Sends the first half of a chunk and breaks off.
    private func sendHalf(to upload: String, at registry: ServedRegistry) throws {
        let connection = try HTTPConnection(port: registry.port)
        try connection.sendHead("PATCH", upload, ["Content-Length": "\(blob.count)"])
        try connection.send(Array(blob[..<2_000_000]))
        try kade.wait { try arrived(upload, at: registry) > 0 }
        connection.reset()
    }

    @Test func `an upload goes on after a break, and after the server was killed`() throws {
        var registry = try ServedRegistry(kade)
        let upload = try begin(at: registry)
        try sendHalf(to: upload, at: registry)
        let offset = try arrived(upload, at: registry)
        let answer = try registry.send(
            "PATCH", upload, ["Content-Range": "\(offset)-\(offset + 999)"],
            Array(blob[offset..<offset + 1000]))
        // What was on its way when the connection broke may have been written meanwhile.
        #expect(answer.status == 202 || answer.status == 416)
        let rest = try arrived(upload, at: registry)
        registry.server.signal(SIGKILL)
        registry = try ServedRegistry(kade)
        // The killed server may have written more of it before it ended.
        let kept = try arrived(upload, at: registry)
        #expect(kept >= rest)
        let end = try registry.send(
            "PUT", "\(upload)?digest=\(digest)",
            ["Content-Range": "\(kept)-\(blob.count - 1)"], Array(blob[kept...]))
        #expect(end.status == 201, "\(end)")
        #expect(try registry.send("GET", "/v2/a/blobs/\(digest)").body == blob)
        #expect(
            try registry.files().filter { !$0.hasPrefix("lease-") } == [String(digest.dropFirst(7))]
        )
    }

    @Test func `the end waits for requests under way`() throws {
        let registry = try ServedRegistry(kade)
        let upload = try begin(at: registry)
        let idle = try HTTPConnection(port: registry.port)
        try idle.sendHead("GET", "/v2/")
        #expect(try idle.answer().status == 200)
        let busy = try HTTPConnection(port: registry.port)
        try busy.sendHead("PATCH", upload, ["Content-Length": "\(blob.count)"])
        try busy.send(Array(blob[..<2_000_000]))
        try kade.wait { try arrived(upload, at: registry) > 0 }
        registry.server.signal(SIGTERM)
        #expect(throws: Tool.Failure.self) { try idle.answer() }
        try busy.send(Array(blob[2_000_000...]))
        let answer = try busy.answer()
        #expect(answer.status == 202)
        #expect(answer.headers["range"] == "0-\(blob.count - 1)")
        #expect(answer.headers["connection"] == "close")
        #expect(try registry.server.wait().exitCode == 0)
    }

    @Test func `many pushes of one blob at once make one`() throws {
        let registry = try ServedRegistry(kade)
        let statuses = Statuses()
        let (client, blob, digest) = (registry.client, blob, digest)
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            let path = "/v2/a\(number % 3)/blobs/uploads/?digest=\(digest)"
            let status = try? client.send("POST", path, [:], blob).status
            statuses.add(status ?? 0)
        }
        #expect(statuses.all == Array(repeating: 201, count: 8))
        let hash = String(digest.dropFirst(7))
        #expect(try registry.files().filter { !$0.hasPrefix("lease-") } == [hash])
        for number in 0..<3 {
            #expect(try registry.send("HEAD", "/v2/a\(number)/blobs/\(digest)").status == 200)
        }
    }

    /// What several threads found.
    private final class Statuses: @unchecked Sendable {
        // Both are used with the lock held alone.
        private let lock = NSLock()
        private var statuses: [Int] = []

        func add(_ status: Int) { lock.withLock { statuses.append(status) } }
        var all: [Int] { lock.withLock { statuses } }
    }

    @Test func `nothing takes blobs away while their manifest is on its way`() throws {
        let registry = try ServedRegistry(kade)
        let layer = try registry.push(blob: blob, to: "a")
        let config = try registry.push(blob: Array("{}".utf8), to: "a")
        let unfinished = try begin(at: registry)
        let other = Array(blob.reversed())
        _ = try registry.send("PATCH", unfinished, [:], Array(other[..<1000]))
        try kade.check("image", "prune", "-a", "-f")
        let manifest = """
            {"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.empty.v1+json",\
            "digest":"\(config)","size":2},"layers":[{"mediaType":"text/plain",\
            "digest":"\(layer)","size":\(blob.count)}]}
            """
        try registry.push(manifest: manifest, as: "1", to: "a")
        try kade.check("image", "prune", "-f")
        #expect(try registry.send("GET", "/v2/a/blobs/\(layer)").body == blob)
        let whole = "\(ContentHasher.sha256(other))"
        let end = try registry.send(
            "PUT", "\(unfinished)?digest=\(whole)", [:], Array(other[1000...]))
        #expect(end.status == 201)
        // With the image its blobs go, at once and over the command line.
        #expect(try registry.send("DELETE", "/v2/a/blobs/\(whole)").status == 202)
        try kade.check("rmi", "\(ServedRegistry.name)/a:1")
        #expect(try registry.send("GET", "/v2/a/blobs/\(layer)").status == 404)
        #expect(try registry.files().isEmpty)
    }

    @Test func `a body that nobody wants is not asked for`() throws {
        let registry = try ServedRegistry(kade)
        let path = "/v2/a/manifests/1"
        let refused = try HTTPConnection(port: registry.port)
        try refused.sendHead(
            "PUT", path, ["Content-Length": "9000000", "Expect": "100-continue"])
        let answer = try refused.answer()
        #expect(answer.status == 413)
        #expect(answer.headers["connection"] == "close")
        let taken = try HTTPConnection(port: registry.port)
        try taken.sendHead(
            "POST", "/v2/a/blobs/uploads/?digest=\(digest)",
            ["Content-Length": "\(blob.count)", "Expect": "100-continue"])
        #expect(try taken.answer().status == 100)
        try taken.send(blob)
        #expect(try taken.answer().status == 201)
        // The connection goes on, and a client that sends what is no HTTP gets an end.
        try taken.sendHead("GET", "/v2/")
        #expect(try taken.answer().status == 200)
        try taken.send(Array("nonsense\r\n\r\n".utf8))
        #expect(try taken.answer().status == 400)
    }

    @Test func `memory stays small however much comes at once`() throws {
        let registry = try ServedRegistry(kade)
        let part = [UInt8](repeating: 7, count: 1 << 20)
        let port = registry.port
        let uploads = try (0..<4).map { _ in try begin(at: registry) }
        DispatchQueue.concurrentPerform(iterations: uploads.count) { number in
            // What fails here is missed below.
            guard let connection = try? HTTPConnection(port: port) else { return }
            try? connection.sendHead("PATCH", uploads[number], ["Content-Length": "\(64 << 20)"])
            for _ in 0..<64 { try? connection.send(part) }
            _ = try? connection.answer()
        }
        for upload in uploads { #expect(try arrived(upload, at: registry) == 64 << 20) }
        let pid = registry.server.process.processIdentifier
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let peak = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?
                .split(separator: " ").dropFirst().first.flatMap { Int($0) })
        #expect(peak < 100_000, "\(peak) kB")
    }

    @Test func `it listens at a socket, and says what it cannot do`() throws {
        let socket = folder.at("registry.sock")
        let server = try kade.serve(["--listen", "unix://\(socket)"])
        defer {
            server.signal(SIGTERM)
            server.process.waitUntilExit()
        }
        try kade.wait {
            server.output.contains("serving the registry localhost at unix://\(socket)")
        }
        let program = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
            s.send(b"GET /v2/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            print(s.makefile().readline().strip())
            """
        #expect(try Tool.check("python3", "-c", program, socket) == "HTTP/1.1 200 OK\n")

        let registry = try ServedRegistry(kade)
        for (flags, words) in [
            (["--listen", registry.authority], "address already in use"),
            (["--listen", "5000"], "it does not end with a port"),
            (["--name", "not a name"], "is no name of a registry"),
            (["--tls-cert", "/etc/hostname"], "a certificate needs its key"),
            (["--client-ca", "/etc/hostname"], "only where the registry has one"),
            (
                ["--tls-cert", "/etc/hostname", "--tls-key", "/etc/hostname"],
                "cannot use /etc/hostname"
            ),
            (["--htpasswd", "/nonexistent"], "cannot use the passwords in /nonexistent"),
            (["--htpasswd", "/etc/hostname"], "line 1: it has no \":\""),
        ] {
            let outcome = try kade.call(["registry", "serve"] + flags)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.lowercased().contains(words.lowercased()), "\(outcome.errors)")
        }
        let open = try kade.serve(["--listen", "0.0.0.0:0"])
        try kade.wait { open.output.contains("WARNING: whoever reaches") }
        open.signal(SIGINT)
        #expect(try open.wait().exitCode == 0)
    }
}
