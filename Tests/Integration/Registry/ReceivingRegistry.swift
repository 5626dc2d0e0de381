import Foundation

/// A registry that images are pushed to, and that fails in a way that a test chooses.
///
/// It is a Python program of the test's own. It refuses manifests whose parts it does not have, and
/// its log has one JSON object for each request.
final class ReceivingRegistry {
    /// What goes wrong, or what is special.
    enum Fault: String {
        case none
        /// The connection of the first request with a large body is reset at its half.
        case reset
        /// As `reset`, and the upload is forgotten.
        case resetForgetting
        /// A request may have 5,000,000 bytes, but for chunks.
        case tooLarge
        /// As `tooLarge`, and no chunk but the last may have less than 18 MiB.
        case largeChunks
        /// The first request for each address gets 429 with `Retry-After: 1`.
        case busy
        /// The first upload of each blob and each manifest gets 503.
        case unavailable
        /// A token server gives tokens for the scopes that are asked for, but for the repository
        /// "secret/base"; each request needs its own right.
        case token
        /// Uploads go to another port, which must not see the token.
        case elsewhere
        /// A request that ends an upload is not answered.
        case stalls
        /// It lists no referrers.
        case noReferrers
    }

    /// One line of the log.
    struct Request: Decodable {
        var port: Int
        var method: String
        var path: String
        var range: String?
        var authorization: String?
        var length: Int
        /// The body of a form.
        var form: String?
    }

    /// Host and port of the API.
    let authority: String
    private let folder: TemporaryFolder
    private let ports: [ReservedPort]
    private let server: Tool.Running

    init(_ fault: Fault) throws {
        folder = try TemporaryFolder()
        ports = [try ReservedPort(), try ReservedPort()]
        authority = ports[0].authority
        try folder.write(Self.program, to: "registry.py")
        server = try Tool.start([
            "python3", folder.at("registry.py"), folder.path, "\(ports[0].number)",
            "\(ports[1].number)", fault.rawValue,
        ])
        try waitForListener(at: authority)
    }

    deinit {
        server.signal(SIGKILL)
        server.process.waitUntilExit()
    }

    /// The requests up to now.
    func requests() throws -> [Request] {
        // The last line may not be whole yet.
        let lines = try folder.text("log").split(separator: "\n", omittingEmptySubsequences: false)
        return try lines.dropLast().map {
            try JSONDecoder().decode(Request.self, from: Data($0.utf8))
        }
    }

    /// The requests up to now with a method, for paths that begin in a way.
    func requests(_ method: String, _ start: String = "/") throws -> [Request] {
        try requests().filter { $0.method == method && $0.path.hasPrefix(start) }
    }

    /// Whether a repository has a blob, whole.
    func hasBlob(_ digest: String, in repository: String) throws -> Bool {
        let file = folder.at(
            "blobs/\(repository.replacingOccurrences(of: "/", with: "+"))+\(digest)")
        guard FileManager.default.fileExists(atPath: file) else { return false }
        return try Tool.check("sha256sum", file).hasPrefix(digest.dropFirst("sha256:".count))
    }

    /// The digest of what a tag names.
    func digest(of tag: String, in repository: String) throws -> String {
        let file = folder.at(
            "manifests/\(repository.replacingOccurrences(of: "/", with: "+"))+\(tag)")
        return "sha256:" + (try Tool.check("sha256sum", file)).prefix { $0 != " " }
    }

    /// The text of a manifest.
    func manifest(_ name: String, in repository: String) throws -> String {
        try folder.text("manifests/\(repository.replacingOccurrences(of: "/", with: "+"))+\(name)")
    }

    private static let program = #"""
        import base64, collections, hashlib, json, os, re, socket, struct, sys, threading, time, urllib.parse
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        folder, port, other, fault = sys.argv[1:]
        for name in ("blobs", "manifests"): os.makedirs(folder + "/" + name)
        open(folder + "/log", "w")
        count, lock, uploads = collections.Counter(), threading.Lock(), {}
        def path_of(kind, repository, name):
            return "%s/%s/%s+%s" % (folder, kind, repository.replace("/", "+"), name)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *rest): pass
            def answer(self, status, headers={}, body=b""):
                self.send_response(status)
                for name, value in headers.items(): self.send_header(name, value)
                if fault == "none": self.send_header("Warning", '299 - "This registry ends \\"soon\\""')
                if status != 204: self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD": self.wfile.write(body)
            def error(self, status, code):
                self.answer(status, {}, json.dumps({"errors": [{"code": code, "message": code}]}).encode())
            def location(self, repository, upload):
                where = "http://127.0.0.1:%s" % other if fault == "elsewhere" else ""
                return {"Location": "%s/v2/%s/blobs/uploads/%s?state=%d"
                    % (where, repository, upload, len(uploads.get(upload, b""))),
                    "Range": "0-%d" % max(0, len(uploads.get(upload, b"")) - 1)}
            def body(self, upload=None):
                length = int(self.headers.get("Content-Length", 0))
                with lock:
                    count["bodies"] += length > 100000
                    first = count["bodies"] == 1 and length > 100000
                breaks = first and fault.startswith("reset")
                data = self.rfile.read(length // 2 if breaks else length)
                if not breaks: return data
                uploads[upload] = uploads[upload] + data
                if fault == "resetForgetting": del uploads[upload]
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                raise ConnectionError
            def may(self, right):
                shown = self.headers.get("Authorization") or ""
                rights = urllib.parse.unquote(shown.partition(" ")[2]).split("|")
                return fault != "token" or right in rights or right + ",push" in rights
            def any(self):
                own = self.server.server_address[1]
                path, _, query = self.path.partition("?")
                query = {k: v[0] for k, v in urllib.parse.parse_qs(query).items()}
                length = int(self.headers.get("Content-Length", 0))
                form = None
                if path == "/token" and self.command == "POST":
                    form = self.rfile.read(length).decode()
                with lock:
                    count[self.command + path] += 1
                    number = count[self.command + path]
                    with open(folder + "/log", "a") as file:
                        file.write(json.dumps({"port": own, "method": self.command,
                            "path": self.path, "range": self.headers.get("Content-Range"),
                            "authorization": self.headers.get("Authorization"), "length": length,
                            "form": form}) + "\n")
                if path == "/token": return self.token(form)
                if path == "/v2/":
                    if fault == "token" and not self.headers.get("Authorization"): return self.answer(
                        401, {"WWW-Authenticate": 'Bearer realm="http://127.0.0.1:%d/token",service="test"' % own})
                    return self.answer(200, {}, b"{}")
                if fault == "busy" and number == 1:
                    self.rfile.read(length)
                    return self.answer(429, {"Retry-After": "1"})
                if path == "/v1/search" and fault == "elsewhere":
                    return self.answer(200, {}, json.dumps({"results": [
                        {"name": "one/" + query["q"], "description": "First\nof all", "star_count": 7,
                         "is_official": True},
                        {"name": "two", "description": "x" * 60, "star_count": 1}]}).encode())
                if path == "/v1/search": return self.error(404, "NOT_FOUND")
                if path == "/v2/_catalog":
                    names = sorted({n.rsplit("+", 1)[0].replace("+", "/")
                        for n in os.listdir(folder + "/manifests")})
                    last = query.get("last", "")
                    rest = [n for n in names if n > last]
                    headers = {"Link": '</v2/_catalog?n=1&last=%s>; rel="next"' % rest[0]} if len(rest) > 1 else {}
                    return self.answer(200, headers, json.dumps({"repositories": rest[:1]}).encode())
                found = re.match("^/v2/(.*?)/(blobs/uploads|blobs|manifests|referrers)/(.*)$", path)
                repository, kind, name = found.groups()
                needed = "repository:%s:pull" % repository
                if self.command not in ("GET", "HEAD") or kind == "blobs/uploads": needed += ",push"
                if fault != "elsewhere" or own == int(port):
                    if not self.may(needed):
                        self.rfile.read(length)
                        return self.answer(401, {"WWW-Authenticate":
                            'Bearer realm="http://127.0.0.1:%d/token",service="test",scope="%s"'
                            % (own, needed.replace(",push", ""))})
                getattr(self, kind.replace("/", "_"))(repository, name, query, number)
            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = any
            def token(self, form):
                query = urllib.parse.parse_qs(form or self.path.partition("?")[2])
                if form is not None and query.get("refresh_token") != ["identity"]:
                    return self.error(401, "UNAUTHORIZED")
                scopes = [s for one in query.get("scope", []) for s in one.split(" ")]
                if any("secret/base" in s for s in scopes): return self.error(403, "DENIED")
                shown = self.headers.get("Authorization")
                if shown not in (None, "Basic " + base64.b64encode(b"kade:right").decode()):
                    return self.error(401, "UNAUTHORIZED")
                answer = {"token": urllib.parse.quote("|".join(scopes)) or "none", "expires_in": 300}
                if shown and query.get("offline_token") == ["true"]: answer["refresh_token"] = "identity"
                self.answer(200, {}, json.dumps(answer).encode())
            def blobs(self, repository, name, query, number):
                file = path_of("blobs", repository, name)
                if not os.path.exists(file): return self.error(404, "BLOB_UNKNOWN")
                self.answer(200, {}, open(file, "rb").read())
            def blobs_uploads(self, repository, upload, query, number):
                if self.command == "POST":
                    source = query.get("from")
                    if source and self.may("repository:%s:pull" % source):
                        file = path_of("blobs", source, query["mount"])
                        if os.path.exists(file):
                            os.link(file, path_of("blobs", repository, query["mount"]))
                            return self.answer(201, {"Location": "/v2/%s/blobs/%s"
                                % (repository, query["mount"])})
                    with lock:
                        count["uploads"] += 1
                        upload = "u%d" % count["uploads"]
                    uploads[upload] = b""
                    headers = self.location(repository, upload)
                    if fault == "largeChunks": headers["OCI-Chunk-Min-Length"] = str(18 << 20)
                    return self.answer(202, headers)
                length = int(self.headers.get("Content-Length", 0))
                if upload not in uploads: return self.error(404, "BLOB_UPLOAD_UNKNOWN")
                if self.command == "GET": return self.answer(204, self.location(repository, upload))
                if self.command == "DELETE":
                    del uploads[upload]
                    return self.answer(204)
                if self.command == "PUT" and fault in ("tooLarge", "largeChunks") and length > 5000000:
                    self.rfile.read(length)
                    return self.error(413, "SIZE_INVALID")
                if self.command == "PUT" and fault == "unavailable" and count["PUT" + query["digest"]] == 0:
                    count["PUT" + query["digest"]] += 1
                    self.rfile.read(length)
                    return self.answer(503)
                if self.command == "PUT" and fault == "stalls": time.sleep(60)
                if self.command == "PATCH":
                    start, end = map(int, self.headers["Content-Range"].split("-"))
                    if start != len(uploads[upload]) or end - start + 1 != length:
                        self.rfile.read(length)
                        return self.answer(416, self.location(repository, upload))
                data = self.body(upload)
                uploads[upload] += data
                if self.command == "PATCH": return self.answer(202, self.location(repository, upload))
                digest = "sha256:" + hashlib.sha256(uploads[upload]).hexdigest()
                if digest != query["digest"]: return self.error(400, "DIGEST_INVALID")
                file = path_of("blobs", repository, digest)
                open(file + ".new", "wb").write(uploads.pop(upload))
                os.rename(file + ".new", file)
                self.answer(201, {"Location": "/v2/%s/blobs/%s" % (repository, digest)})
            def manifests(self, repository, name, query, number):
                file = path_of("manifests", repository, name)
                if self.command != "PUT":
                    if not os.path.exists(file): return self.error(404, "MANIFEST_UNKNOWN")
                    data = open(file, "rb").read()
                    if self.command == "DELETE":
                        for one in os.listdir(folder + "/manifests"):
                            one = folder + "/manifests/" + one
                            if ":" in name and open(one, "rb").read() == data: os.remove(one)
                        if ":" not in name: os.remove(file)
                        return self.answer(202)
                    return self.answer(200, {"Content-Type": json.loads(data)["mediaType"]}, data)
                data = self.body()
                if fault == "unavailable" and number == 1: return self.answer(503)
                json_ = json.loads(data)
                if json_["mediaType"] != self.headers["Content-Type"]: return self.error(400, "MANIFEST_INVALID")
                for part in json_.get("layers", []) + [json_["config"]] if "config" in json_ else []:
                    if "nondistributable" in part["mediaType"]: continue
                    if not os.path.exists(path_of("blobs", repository, part["digest"])):
                        return self.error(404, "MANIFEST_BLOB_UNKNOWN")
                for part in json_.get("manifests", []):
                    if not os.path.exists(path_of("manifests", repository, part["digest"])):
                        return self.error(404, "MANIFEST_UNKNOWN")
                digest = "sha256:" + hashlib.sha256(data).hexdigest()
                for one in (name, digest):
                    open(path_of("manifests", repository, one), "wb").write(data)
                headers = {"Docker-Content-Digest": digest}
                subject = json_.get("subject")
                if subject and fault != "noReferrers":
                    headers["OCI-Subject"] = subject["digest"]
                    part = {"mediaType": json_["mediaType"], "digest": digest, "size": len(data),
                        "artifactType": json_.get("artifactType", json_.get("config", {}).get("mediaType")),
                        "annotations": json_.get("annotations", {})}
                    uploads.setdefault("of " + subject["digest"], []).append(part)
                self.answer(201, headers)
            def referrers(self, repository, digest, query, number):
                if fault == "noReferrers": return self.error(404, "NOT_FOUND")
                self.answer(200, {"Content-Type": "application/vnd.oci.image.index.v1+json"}, json.dumps({
                    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                    "manifests": uploads.get("of " + digest, [])}).encode())

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            def handle_error(self, *rest): pass
        threading.Thread(target=Server(("127.0.0.1", int(other)), Handler).serve_forever,
            daemon=True).start()
        Server(("127.0.0.1", int(port)), Handler).serve_forever()
        """#
}
