import Foundation
import Testing

/// skopeo, Podman, Docker and Kade push to `kade registry serve` and pull from it.
@Suite struct RegistryPeerTests {
    let folder: TemporaryFolder
    let images: TestImages
    let name = ServedRegistry.name

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        try TestImages.tree(in: folder, named: "base", sizeInBytes: 300_000)
        try TestImages.tree(in: folder, named: "top", sizeInBytes: 10_000)
    }

    private var trees: [String] { [folder.at("base"), folder.at("top")] }

    private func run(_ arguments: [String]) throws -> String {
        let outcome = try Tool.start(arguments).wait()
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        return outcome.output
    }

    /// Copies an image of the layout into a registry, with all its platforms.
    private func push(_ image: String, to place: String, _ flags: String...) throws {
        let arguments = ["skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false"]
        _ = try run(arguments + flags + ["oci:\(images.path):\(image)", "docker://\(place)"])
    }

    private func digest(_ place: String) throws -> String {
        try run([
            "skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}",
            "docker://\(place)",
        ]).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: TestImages.Compression.allCases)
    func `what skopeo pushes is an image of this machine, and Kade's elsewhere`(
        compression: TestImages.Compression
    ) throws {
        let registry = try ServedRegistry()
        let blob = try images.add(.init(trees: trees, compression: compression), as: "it")
        try push("it", to: "\(registry.authority)/team/app:1", "--preserve-digests")
        #expect(
            try registry.kade.check(
                "run", "--rm", "\(name)/team/app:1", "busybox", "cat", "/etc/top")
                == "hello from top")
        #expect(try digest("\(registry.authority)/team/app:1") == blob.digest)
        let other = try Kade()
        let place = "\(registry.authority)/team/app:1"
        try other.check("pull", "-q", place)
        #expect(
            try other.check("run", "--rm", place, "busybox", "cat", "/etc/base")
                == "hello from base")
        // And back, under another name: nothing has to be sent.
        try other.check("tag", place, "\(registry.authority)/other/app:2")
        let output = try other.check("push", "\(registry.authority)/other/app:2")
        #expect(output.components(separatedBy: "Mounted from team/app").count == 3)
        #expect(try digest("\(registry.authority)/other/app:2") == blob.digest)
        #expect(
            try run([
                "skopeo", "list-tags", "--tls-verify=false",
                "docker://\(registry.authority)/other/app",
            ]).contains("\"2\""))
        // The store is an OCI layout still.
        #expect(
            try run([
                "skopeo", "inspect", "--format", "{{.Digest}}",
                "oci:\(registry.kade.root)/image:\(name)/other/app:2",
            ]).hasPrefix(blob.digest))
        #expect(try registry.kade.check("system", "check").hasSuffix("no fault."))
        _ = try run([
            "skopeo", "delete", "--tls-verify=false", "docker://\(registry.authority)/team/app:1",
        ])
        #expect(try !registry.kade.check("images").contains("team/app"))
        #expect(try registry.kade.check("images").contains("other/app"))
    }

    @Test func `an index goes with all its platforms, and Docker's schema 2 as it came`() throws {
        let registry = try ServedRegistry()
        let parts = try ["amd64", "arm64"].map {
            try images.add(.init(trees: trees, architecture: $0))
        }
        let index = try images.addIndex(of: parts, as: "all")
        let place = "\(registry.authority)/app"
        try push("all", to: "\(place):all", "--all", "--preserve-digests")
        #expect(try digest("\(place)@\(index.digest)") == index.digest)
        #expect(try registry.kade.check("images", "-q").split(separator: "\n").count == 1)
        _ = try run([
            "skopeo", "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false",
            "--preserve-digests", "docker://\(place):all", "dir:\(folder.at("copy"))",
        ])
        try push("all", to: "\(place):docker", "--format", "v2s2")
        let raw = try run([
            "skopeo", "inspect", "--tls-verify=false", "--raw", "docker://\(place):docker",
        ])
        #expect(raw.contains("application/vnd.docker.distribution.manifest.v2+json"))
        let other = try Kade()
        try other.check("pull", "-q", "\(place):docker")
        #expect(
            try other.check("images", "--digests").contains(try digest("\(place):docker")))
        // Tools that pass over Docker's types find the translation.
        #expect(
            try run(["skopeo", "inspect", "oci:\(registry.kade.root)/image:\(name)/app:docker"])
                .contains("\"Architecture\": \"amd64\""))
        #expect(
            try registry.kade.check("run", "--rm", "\(name)/app:docker", "busybox", "echo", "runs")
                == "runs")
    }

    @Test func `images of this machine serve another one, by full and by mirrors' names`() throws {
        let registry = try ServedRegistry(try Kade.withBusybox())
        try registry.kade.check("tag", "busybox", "\(name)/mine:1")
        let other = try Kade()
        for path in ["mine:1", "busybox", "library/busybox", "docker.io/library/busybox"] {
            try other.check("pull", "-q", "\(registry.authority)/\(path)")
            #expect(
                try other.check("run", "--rm", "\(registry.authority)/\(path)", "echo", path)
                    == path)
        }
        #expect(try other.check("images", "-q").split(separator: "\n").count == 4)
        let catalog = try registry.send("GET", "/v2/_catalog")
        #expect(catalog.text == #"{"repositories":["docker.io/library/busybox","mine"]}"#)
        #expect(
            try registry.send("GET", "/v2/_catalog?n=1").headers["link"]
                == #"</v2/_catalog?n=1&last=docker.io/library/busybox>; rel="next""#)
        #expect(
            try registry.send("GET", "/v2/library/busybox/manifests/latest?ns=docker.io").status
                == 200)
        #expect(
            try registry.send("GET", "/v2/library/busybox/manifests/latest?ns=quay.io").status
                == 404)
        // Only the machine itself deletes what it has under another name.
        let refused = try registry.send("DELETE", "/v2/busybox/manifests/latest")
        #expect(refused.status == 405)
        #expect(try registry.kade("inspect", "busybox").exitCode == 0)
        // The short name is the registry's own once it has one.
        try other.check("tag", "\(registry.authority)/mine:1", "\(registry.authority)/busybox:own")
        try other.check("push", "-q", "\(registry.authority)/busybox:own")
        #expect(
            try registry.send("GET", "/v2/busybox/tags/list").text
                == #"{"name":"busybox","tags":["latest","own"]}"#)
    }

    @Test func `a registry shows its own images alone, or is for reading, on demand`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("tag", "busybox", "\(name)/mine:1")
        let registry = try ServedRegistry(kade, "--own-only", "--read-only", "--quiet")
        #expect(try registry.send("GET", "/v2/busybox/manifests/latest").status == 404)
        #expect(try registry.send("GET", "/v2/_catalog").text == #"{"repositories":["mine"]}"#)
        #expect(try registry.send("GET", "/v2/mine/manifests/1").status == 200)
        for (method, path) in [
            ("POST", "/v2/mine/blobs/uploads/"), ("PUT", "/v2/mine/manifests/2"),
            ("DELETE", "/v2/mine/manifests/1"),
        ] {
            let answer = try registry.send(method, path, [:], [])
            #expect(answer.status == 405)
            #expect(answer.code == "UNSUPPORTED")
        }
        #expect(registry.server.output.split(separator: "\n").count == 1)
    }

    @Test func `a certificate that is renewed is shown to new connections`() throws {
        try certificate()
        let registry = try ServedRegistry(
            nil, "--tls-cert", folder.at("tls/ca.crt"), "--tls-key", folder.at("key.pem"))
        let command =
            "openssl s_client -connect \"$1\" </dev/null 2>/dev/null | "
            + "openssl x509 -noout -fingerprint"
        func shown() throws -> String { try run(["sh", "-c", command, "sh", registry.authority]) }
        let first = try shown()
        try folder.write("nonsense", to: "tls/ca.crt")
        #expect(try shown() == first)
        // What is no pair yet is not taken, either.
        try certificate()
        let second = try shown()
        #expect(second != first)
        let own = try run([
            "openssl", "x509", "-noout", "-fingerprint", "-in", folder.at("tls/ca.crt"),
        ])
        #expect(second == own)
        try registry.kade.wait {
            registry.server.output.contains("the certificate stays as it was")
        }
    }

    @Test func `only users with the right password are let in, over TLS`() throws {
        try images.add(.init(trees: trees), as: "it")
        try certificate()
        try folder.write(try TestRegistry.passwordLine() + "\n", to: "htpasswd")
        let registry = try ServedRegistry(
            nil, "--tls-cert", folder.at("tls/ca.crt"), "--tls-key", folder.at("key.pem"),
            "--htpasswd", folder.at("htpasswd"))
        let place = "\(registry.authority)/app:1"
        let credentials = "\(TestRegistry.user):\(TestRegistry.password)"
        let copy = [
            "skopeo", "copy", "-q", "--insecure-policy", "--dest-cert-dir", folder.at("tls"),
        ]
        let ends = ["oci:\(images.path):it", "docker://\(place)"]
        let none = try Tool.start(copy + ["--dest-no-creds"] + ends).wait()
        #expect(none.errors.contains("authentication required") || none.errors.contains("401"))
        let wrong = try Tool.start(copy + ["--dest-creds", "kade:wrong"] + ends).wait()
        #expect(wrong.exitCode != 0)
        _ = try run(copy + ["--dest-creds", credentials] + ends)

        let podman = """
            podman="podman --root $1/graph --runroot $1/run"
            trap '$podman rmi -a -f > /dev/null' EXIT
            set -e
            $podman login --cert-dir "$1/tls" --authfile "$1/auth.json" -u kade -p "$3" "${2%%/*}" > "$1/login"
            $podman pull -q --cert-dir "$1/tls" --authfile "$1/auth.json" "$2" > /dev/null
            $podman tag "$2" "${2%:1}:2"
            $podman push -q --cert-dir "$1/tls" --authfile "$1/auth.json" "${2%:1}:2"
            """
        _ = try run(["sh", "-c", podman, "sh", folder.path, place, TestRegistry.password])

        let environment = ["DOCKER_CONFIG": folder.at("docker"), "REGISTRY_AUTH_FILE": ""]
        let kade = try Kade()
        func call(_ arguments: String...) throws -> Tool.Outcome {
            try Tool.start(kade.commandLine(arguments), environment: environment).wait()
        }
        #expect(try call("pull", place).errors.contains("a user name and a password"))
        #expect(
            try call("login", "-u", "kade", "-p", "wrong", registry.authority).errors
                .contains("does not accept"))
        let login = try call(
            "login", "-u", TestRegistry.user, "-p", TestRegistry.password, registry.authority)
        #expect(login.exitCode == 0, "\(login.errors)")
        #expect(try call("pull", "\(registry.authority)/app:2").exitCode == 0)
        #expect(
            try call("tag", "\(registry.authority)/app:2", "\(registry.authority)/b:3").exitCode
                == 0)
        #expect(try call("push", "\(registry.authority)/b:3").exitCode == 0)
        #expect(try registry.kade.check("images").contains("/b"))

        // The file is read again, and a broken one changes nothing.
        try folder.write("kade:plain\n", to: "htpasswd")
        #expect(try call("pull", "\(registry.authority)/b:3").exitCode == 0)
        try registry.kade.wait {
            registry.server.output.contains("the passwords stay as they were")
        }
        try folder.write("# nobody\n", to: "htpasswd")
        #expect(try call("pull", "\(registry.authority)/b:3").exitCode == 1)
    }

    @Test func `clients are let in by their certificates`() throws {
        try images.add(.init(trees: trees), as: "it")
        try certificate()
        let registry = try ServedRegistry(
            nil, "--tls-cert", folder.at("tls/ca.crt"), "--tls-key", folder.at("key.pem"),
            "--client-ca", folder.at("tls/ca.crt"))
        let copy = [
            "skopeo", "copy", "-q", "--insecure-policy", "--dest-cert-dir", folder.at("tls"),
            "oci:\(images.path):it", "docker://\(registry.authority)/app:1",
        ]
        #expect(try Tool.start(copy).wait().exitCode != 0)
        try Tool.check("cp", folder.at("tls/ca.crt"), folder.at("tls/me.cert"))
        try Tool.check("cp", folder.at("key.pem"), folder.at("tls/me.key"))
        _ = try run(copy)
        #expect(try registry.kade.check("images").contains("app"))
    }

    /// Makes a certificate for 127.0.0.1 that signs itself, and its key.
    private func certificate() throws {
        try folder.write("", to: "tls/none")
        try Tool.check("rm", folder.at("tls/none"))
        try Tool.check(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder.at("key.pem"),
            "-out", folder.at("tls/ca.crt"))
        try folder.giveAway(folder.at("key.pem"))
    }

    @Test(
        .enabled(if: isRoot), .rootOnly("the daemon and the registry beside it are root's"))
    func `Docker pushes, pulls, and takes it for a mirror`() throws {
        let outcome = try Tool.run(
            "unshare", "-m", "-n", "--propagation", "private", "sh", "-c", Self.dockerScript, "sh",
            folder.path, BuiltProgram.path("kade"), try Kade.busyboxArchive.get())
        #expect(
            outcome.lines == [
                "latest", "/bin/sh", "app@pushed", "busybox of the mirror", "removed",
            ], "\(outcome.errors)")
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
    }

    /// dockerd in mounts and a network of its own, with the registry beside it.
    private static let dockerScript = """
        mount -t tmpfs -o mode=755 tmpfs /run
        ip link set lo up
        export DOCKER_HOST="unix:///run/docker.sock" DOCKER_CONFIG="$1"
        kade() { "$kade" --root "$place/kade" --runroot "$place/kade-run" "$@"; }
        kade=$2 place=$1
        kade import "$3" busybox:latest > /dev/null
        "$kade" --root "$1/kade" --runroot "$1/kade-run" registry serve --listen 127.0.0.1:5000 \\
            > "$1/registry.log" 2>&1 &
        registry=$!
        dockerd --data-root "$1/data" --exec-root /run/docker --pidfile /run/docker.pid \\
            --host "$DOCKER_HOST" --iptables=false --ip6tables=false --bridge none \\
            --registry-mirror http://127.0.0.1:5000 > "$1/log" 2>&1 &
        daemon=$!
        trap 'kill $daemon $registry; wait' EXIT
        for _ in $(seq 1200); do docker version > /dev/null 2>&1 && break; sleep 0.1; done
        for _ in $(seq 600); do grep -q serving "$1/registry.log" && break; sleep 0.1; done
        docker import -c 'CMD /bin/sh' "$3" 127.0.0.1:5000/app:latest > /dev/null \\
            || { cat "$1/log" >&2; exit 1; }
        docker push -q 127.0.0.1:5000/app:latest > /dev/null || cat "$1/registry.log" >&2
        kade images --format '{{.Tag}}' localhost:5000/app
        docker rmi 127.0.0.1:5000/app:latest > /dev/null
        docker pull -q 127.0.0.1:5000/app:latest > /dev/null
        docker inspect -f '{{join .Config.Cmd " "}}' 127.0.0.1:5000/app | sed 's/.* //'
        docker inspect -f '{{join .RepoDigests " "}}' 127.0.0.1:5000/app \\
            | sed 's/.*5000.app@sha256.*/app@pushed/'
        docker pull -q busybox > /dev/null && echo busybox of the mirror
        docker rmi 127.0.0.1:5000/app busybox > /dev/null && echo removed
        """
}
