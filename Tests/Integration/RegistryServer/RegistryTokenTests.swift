import Foundation
import Storage
import Testing

/// `kade registry serve` with a token server, which is a Python program of the test's own.
@Suite struct RegistryTokenTests {
    let folder: TemporaryFolder
    let images: TestImages

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 100_000)
        try images.add(.init(trees: [folder.at("tree")]), as: "it")
        try folder.write(Self.program, to: "tokens.py")
        try Tool.check("openssl", "genpkey", "-algorithm", "ed25519", "-out", folder.at("key"))
        try Tool.check(
            "openssl", "pkey", "-in", folder.at("key"), "-pubout", "-out", folder.at("key.pub"))
    }

    /// Runs a test with a registry and the token server that it believes.
    private func withRegistry(_ body: (ServedRegistry) throws -> Void) throws {
        let port = try ReservedPort()
        let tokens = try Tool.start([
            "python3", folder.at("tokens.py"), folder.path, "\(port.number)",
        ])
        defer {
            withExtendedLifetime(port) {}
            tokens.signal(SIGKILL)
            tokens.process.waitUntilExit()
        }
        try waitForListener(at: port.authority)
        try body(
            try ServedRegistry(
                nil, "--token-realm", "http://\(port.authority)/token", "--token-service",
                "r.example", "--token-issuer", "test", "--token-key", folder.at("key.pub")))
    }

    private func copy(to place: String, credentials: String) throws -> Tool.Outcome {
        try Tool.run(
            "skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false",
            "--dest-creds", credentials, "oci:\(images.path):it", "docker://\(place)")
    }

    @Test func `skopeo and Kade get tokens, push and pull, where they may`() throws {
        try withRegistry { registry in
            let place = "\(registry.authority)/team/app:1"
            #expect(try copy(to: place, credentials: "kade:wrong").exitCode != 0)
            let pushed = try copy(to: place, credentials: "kade:right")
            #expect(pushed.exitCode == 0, "\(pushed.errors)")
            let secret = try copy(
                to: "\(registry.authority)/secret/app:1", credentials: "kade:right")
            #expect(secret.exitCode != 0)

            let kade = try Kade()
            func call(_ arguments: String...) throws -> Tool.Outcome {
                try Tool.start(
                    kade.commandLine(arguments), environment: ["DOCKER_CONFIG": folder.at("docker")]
                ).wait()
            }
            let login = try call("login", "-u", "kade", "-p", "right", registry.authority)
            #expect(login.exitCode == 0, "\(login.errors)")
            #expect(try call("pull", place).exitCode == 0)
            let copy = "\(registry.authority)/team/copy:1"
            #expect(try call("tag", place, copy).exitCode == 0)
            let output = try call("push", copy)
            #expect(output.exitCode == 0, "\(output.errors)")
            #expect(output.output.contains("Mounted from team/app"))
            let removal = try call("registry", "rm", copy)
            #expect(removal.output == "Untagged: \(copy)\n", "\(removal.errors)")
        }
    }

    @Test func `what one repository has, another one's token does not give`() throws {
        try withRegistry { registry in
            func token(_ scope: String) throws -> [String: String] {
                let address = try #require(
                    try registry.send("GET", "/v2/").headers["www-authenticate"]?
                        .components(separatedBy: "realm=\"").last?.prefix { $0 != "\"" })
                let answer = try Tool.check(
                    "python3", "-c", Self.question, "\(address)?service=r.example&\(scope)")
                return ["Authorization": "Bearer \(answer)"]
            }
            let both = try token("scope=repository:a:pull,push&scope=repository:b:pull,push")
            let onlyA = try token("scope=repository:a:pull,push")
            let onlyB = try token("scope=repository:b:pull,push")
            let blob = Array("private".utf8)
            let digest = "\(ContentHasher.sha256(blob))"
            let push = try registry.send(
                "POST", "/v2/b/blobs/uploads/?digest=\(digest)", onlyB, blob)
            #expect(push.status == 201)
            let foreign = try registry.send("GET", "/v2/b/blobs/\(digest)", onlyA)
            #expect(foreign.status == 401)
            #expect(
                foreign.headers["www-authenticate"]?.hasSuffix(
                    ",service=\"r.example\",scope=\"repository:b:pull\",error=\"insufficient_scope\""
                )
                    == true)
            // Neither by a mount nor by a manifest.
            for query in ["mount=\(digest)&from=b", "mount=\(digest)"] {
                let mount = try registry.send("POST", "/v2/a/blobs/uploads/?\(query)", onlyA, [])
                #expect(mount.status == 202)
            }
            let manifest = """
                {"schemaVersion":2,"config":{"mediaType":"text/plain","digest":"\(digest)",\
                "size":7},"layers":[]}
                """
            let named = try registry.send(
                "PUT", "/v2/a/manifests/1", onlyA, Array(manifest.utf8))
            #expect(named.code == "MANIFEST_BLOB_UNKNOWN")
            #expect(
                try registry.send("POST", "/v2/a/blobs/uploads/?mount=\(digest)&from=b", both, [])
                    .status == 201)
            #expect(
                try registry.send("PUT", "/v2/a/manifests/1", onlyA, Array(manifest.utf8)).status
                    == 201)
            #expect(try registry.send("DELETE", "/v2/a/manifests/1", onlyA).status == 401)
            #expect(try registry.send("GET", "/v2/_catalog", onlyA).status == 401)
            let broken = try registry.send("GET", "/v2/", ["Authorization": "Bearer a.b.c"])
            #expect(
                broken.headers["www-authenticate"]?.contains("error=\"invalid_token\"") == true)
        }
    }

    @Test func `a token server is named whole, and instead of passwords`() throws {
        let kade = try Kade()
        let some = try kade("registry", "serve", "--token-realm", "http://x/")
        #expect(some.errors.contains("a token server needs all of --token-realm"))
        let flags = [
            "--token-realm", "http://x/", "--token-service", "a", "--token-issuer", "b",
            "--token-key", folder.at("key.pub"),
        ]
        let both = try kade.call(["registry", "serve", "--htpasswd", "/etc/hostname"] + flags)
        #expect(both.errors.contains("either passwords or tokens"))
        let key = try kade.call(["registry", "serve"] + flags.dropLast() + ["/etc/hostname"])
        #expect(key.errors.contains("no public key in PEM form"))
    }

    /// Asks the token server and prints the token.
    private static let question = """
        import base64, json, sys, urllib.request
        request = urllib.request.Request(sys.argv[1], headers={
            "Authorization": "Basic " + base64.b64encode(b"kade:right").decode()})
        print(json.load(urllib.request.urlopen(request))["token"], end="")
        """

    /// It gives the user what he asks for, but for repositories that begin with "secret".
    private static let program = #"""
        import base64, json, subprocess, sys, tempfile, time, urllib.parse
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        folder, port = sys.argv[1:]
        def encode(data): return base64.urlsafe_b64encode(data).rstrip(b"=")

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *rest): pass
            def do_GET(self):
                right = "Basic " + base64.b64encode(b"kade:right").decode()
                if self.headers.get("Authorization") != right: return self.send_error(401)
                query = urllib.parse.parse_qs(self.path.partition("?")[2])
                access = []
                for scope in [s for one in query.get("scope", []) for s in one.split(" ")]:
                    kind, name, actions = scope.split(":")
                    if not name.startswith("secret"):
                        access.append({"type": kind, "name": name, "actions": actions.split(",")})
                now = int(time.time())
                text = encode(b'{"alg":"EdDSA"}') + b"." + encode(json.dumps({
                    "iss": "test", "aud": query["service"][0], "exp": now + 300, "nbf": now,
                    "access": access}).encode())
                with tempfile.NamedTemporaryFile(dir=folder) as file:
                    file.write(text)
                    file.flush()
                    signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
                        folder + "/key", "-in", file.name], stdout=subprocess.PIPE, check=True).stdout
                body = json.dumps({"token": (text + b"." + encode(signature)).decode()}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_POST(self): self.send_error(405)
        ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
        """#
}
