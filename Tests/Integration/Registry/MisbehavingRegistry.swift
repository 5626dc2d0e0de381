import Foundation

/// A registry that serves one image layout and fails in a way that a test chooses.
///
/// It is a Python program of the test's own. Its log has one JSON object for each request.
final class MisbehavingRegistry {
    /// What goes wrong.
    enum Fault: String {
        case none
        /// The first answer with a blob is cut by a reset of the connection at its half.
        case reset
        /// As `reset`, and ranges are not understood.
        case resetWithoutRanges
        /// Every answer with a blob ends at the blob's half, as if that were all.
        case truncated
        /// One byte of every layer is another.
        case wrongDigest
        /// One byte of every layer is another, in the first answer only.
        case wrongDigestOnce
        /// The first two requests for each address get 429 with `Retry-After: 1`.
        case busy
        /// The first request for each blob gets 503.
        case unavailable
        /// The API wants a password, and blobs are at another port, which must not see it.
        case redirect
        /// Layers come at 2 MB a second.
        case slow
        /// The first answer with a layer stands still at its half until ``release()``.
        case halting
        /// A layer comes whole only after ``release()``; parts of it come at once.
        case held
        /// As `held`, and one byte of every part is another, but not of tables of contents.
        case heldWithDamagedParts
        /// As `held`, and ranges are not understood.
        case heldWithoutRanges
        /// Manifests are of Docker's schema 1.
        case schema1
        /// A token server gives tokens that expire at once.
        case token
        /// The list of tags has one on each page.
        case tagPages
        /// Layers are not in the repository, but beneath `/elsewhere/blobs/`.
        case elsewhere
        /// As `elsewhere`, and the API wants a password, which nothing beneath `/elsewhere/` may see.
        case elsewhereGuarded
        /// The header Docker-Content-Digest does not fit.
        case wrongManifestDigest
    }

    /// One line of the log.
    struct Request: Decodable {
        var port: Int
        var method: String
        var path: String
        var range: String?
        var authorization: String?
        /// The header X-Meta-Test.
        var meta: String?
    }

    /// Host and port of the API.
    let authority: String
    private let folder: TemporaryFolder
    private let ports: [ReservedPort]
    private let server: Tool.Running

    convenience init(serving images: TestImages, fault: Fault, port: ReservedPort? = nil) throws {
        try self.init(serving: images.path, fault: fault, port: port)
    }

    /// Serves the layout in a directory.
    init(serving layout: String, fault: Fault, port given: ReservedPort? = nil) throws {
        folder = try TemporaryFolder()
        ports = [try given ?? ReservedPort(), try ReservedPort()]
        authority = ports[0].authority
        try folder.write(Self.program, to: "registry.py")
        server = try Tool.start([
            "python3", folder.at("registry.py"), layout, "\(ports[0].number)",
            "\(ports[1].number)", fault.rawValue, folder.at("log"),
        ])
        try waitForListener(at: authority)
    }

    deinit {
        server.signal(SIGKILL)
        server.process.waitUntilExit()
    }

    /// Lets layers come whole that are held.
    func release() throws { try folder.write("", to: "log.release") }

    /// The requests up to now.
    func requests() throws -> [Request] {
        // The last line may not be whole yet.
        let lines = try folder.text("log").split(separator: "\n", omittingEmptySubsequences: false)
        return try lines.dropLast().map {
            try JSONDecoder().decode(Request.self, from: Data($0.utf8))
        }
    }

    /// The requests for a blob up to now.
    func requests(forBlob digest: String) throws -> [Request] {
        try requests().filter { $0.path.hasSuffix(digest) }
    }

    private static let program = #"""
        import base64, collections, json, os, socket, struct, sys, threading, time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        layout, port, other, fault, log = sys.argv[1:]
        index = json.load(open(layout + "/index.json"))
        names = {m["annotations"]["org.opencontainers.image.ref.name"]: m for m in index["manifests"]}
        types, count, lock = {}, collections.Counter(), threading.Lock()
        for name in os.listdir(layout + "/blobs/sha256"):
            data = open(layout + "/blobs/sha256/" + name, "rb").read(1 << 20)
            if data[:1] == b"{":
                types["sha256:" + name] = json.loads(data).get("mediaType", "application/json")
        open(log, "w")
        password = "Basic " + base64.b64encode(b"kade:s3cret:word").decode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *rest): pass
            def do_HEAD(self): self.do_GET()
            def do_CONNECT(self):  # as a proxy whose every host is this registry
                with open(log, "a") as file:
                    file.write(json.dumps({"port": int(port), "method": "CONNECT",
                        "path": self.path}) + "\n")
                self.send_response(200)
                self.end_headers()
                self.close_connection = False
            def answer(self, status, headers={}, body=b""):
                self.send_response(status)
                for name, value in headers.items(): self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD": self.wfile.write(body)
            def wait_for_reader(self):  # a reset would throw away what it has not read
                ends = {"%04X" % self.client_address[1], "%04X" % self.server.server_address[1]}
                for _ in range(3000):
                    rows = [line.split() for line in open("/proc/net/tcp")][1:]
                    queues = [row[4] for row in rows
                        if {row[1].split(":")[1], row[2].split(":")[1]} == ends]
                    if all(queue == "00000000:00000000" for queue in queues): return
                    time.sleep(0.02)
            def do_GET(self):
                own = self.server.server_address[1]
                with lock:
                    count[self.path] += 1
                    number = count[self.path]
                    with open(log, "a") as file:
                        file.write(json.dumps({"port": own, "method": self.command,
                            "path": self.path, "range": self.headers.get("Range"),
                            "authorization": self.headers.get("Authorization"),
                            "meta": self.headers.get("X-Meta-Test")}) + "\n")
                path = self.path.split("?")[0]
                if path == "/token":
                    token = "T%d" % number
                    return self.answer(200, {}, json.dumps({"token": token, "expires_in": 60}).encode())
                if fault == "token" and self.headers.get("Authorization") is None:
                    realm = "http://127.0.0.1:%d/token" % own
                    return self.answer(401, {"WWW-Authenticate":
                        'Bearer realm="%s",service="test",scope="repository:a/b:pull"' % realm})
                guarded = fault == "redirect" or (
                    fault == "elsewhereGuarded" and not path.startswith("/elsewhere/"))
                if guarded and own == int(port) and self.headers.get("Authorization") != password:
                    return self.answer(401, {"WWW-Authenticate": 'Basic realm="test"'})
                if path == "/v2/": return self.answer(200, {}, b"{}")
                if fault == "busy" and number <= 2:
                    return self.answer(429, {"Retry-After": "1"})
                what, name = path.split("/")[-2:]
                if what == "manifests": return self.manifest(name)
                if what == "tags": return self.tags()
                if what == "referrers": return self.answer(404)
                return self.blob(name, number, own)
            def tags(self):
                tags, headers = list(names), {}
                if fault == "tagPages":
                    page = int(self.path.partition("page=")[2] or 0)
                    tags = tags[page:]
                    if len(tags) > 1:
                        headers["Link"] = '</v2/a/b/tags/list?page=%d>; rel="next"' % (page + 1)
                    tags = tags[:1]
                self.answer(200, headers, json.dumps({"name": "a/b", "tags": tags}).encode())
            def manifest(self, name):
                digest = names[name]["digest"] if name in names else name
                try: data = open(layout + "/blobs/" + digest.replace(":", "/"), "rb").read()
                except OSError:
                    return self.answer(404, {}, json.dumps({"errors": [{"code":
                        "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode())
                if fault == "schema1":
                    return self.answer(200, {"Content-Type":
                        "application/vnd.docker.distribution.manifest.v1+prettyjws"},
                        b'{"schemaVersion": 1, "fsLayers": []}')
                said = "sha256:" + "0" * 64 if fault == "wrongManifestDigest" else digest
                self.answer(200, {"Content-Type": types[digest], "Docker-Content-Digest": said}, data)
            def blob(self, digest, number, own):
                if fault == "redirect" and own == int(port):
                    return self.answer(307, {"Location": "http://127.0.0.1:%s%s" % (other, self.path)})
                if fault == "unavailable" and number == 1: return self.answer(503)
                if fault.startswith("elsewhere") and digest not in types and self.path.startswith("/v2/"):
                    return self.answer(404, {}, json.dumps({"errors": [{"code":
                        "BLOB_UNKNOWN", "message": "blob unknown"}]}).encode())
                data = open(layout + "/blobs/" + digest.replace(":", "/"), "rb").read()
                layer = digest not in types
                if layer and (fault == "wrongDigest" or fault == "wrongDigestOnce" and number == 1):
                    middle = len(data) // 2
                    data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]
                start, headers = 0, {}
                end = len(data)
                if self.headers.get("Range") and not fault.endswith("WithoutRanges"):
                    first, last = self.headers["Range"].split("=")[1].split("-")
                    start, end = int(first), int(last) + 1 if last else end
                    headers["Content-Range"] = "bytes %d-%d/%d" % (start, end - 1, len(data))
                part = data[start:end]
                if layer and fault.startswith("held"):
                    while end - start == len(data) and not os.path.exists(log + ".release"):
                        time.sleep(0.02)
                    if fault == "heldWithDamagedParts" and end < len(data) // 2:
                        part = part[:-1] + bytes([part[-1] ^ 1])
                if layer and fault == "truncated": part = part[:max(1, len(part) // 2)]
                self.send_response(206 if headers else 200)
                for name, value in headers.items(): self.send_header(name, value)
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                if layer and fault.startswith("reset") and number == 1:
                    self.wfile.write(part[:len(part) // 2])
                    self.wfile.flush()
                    self.wait_for_reader()
                    time.sleep(0.2)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                elif layer and fault == "halting" and number == 1:
                    self.wfile.write(part[:len(part) // 2])
                    while not os.path.exists(log + ".release"): time.sleep(0.02)
                    self.wfile.write(part[len(part) // 2:])
                elif layer and fault == "slow":
                    for place in range(0, len(part), 100000):
                        self.wfile.write(part[place:place + 100000])
                        time.sleep(0.05)
                else:
                    self.wfile.write(part)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            def handle_error(self, *rest): pass
        threading.Thread(target=Server(("127.0.0.1", int(other)), Handler).serve_forever,
            daemon=True).start()
        Server(("127.0.0.1", int(port)), Handler).serve_forever()
        """#
}
