import Foundation
import Testing

/// Pulls over TLS and through proxies.
@Suite struct PullNetworkTests {
    let folder: TemporaryFolder
    let images: TestImages

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 100_000)
        try images.add(.init(trees: [folder.at("tree")]), as: "it")
    }

    /// Runs a script in a network of its own where a registry with TLS listens at `$registry`.
    ///
    /// `$1` is the program, `$2` a scratch directory; `certs` names the registry's directory of
    /// certificates, empty in this mount namespace.
    private func withTLSRegistry(
        at address: String, wantsClients: Bool = false, _ script: String
    ) throws -> Tool.Outcome {
        try Tool.check(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=test", "-addext", "subjectAltName=IP:\(address)", "-keyout", folder.at("key.pem"),
            "-out", folder.at("cert.pem"))
        try folder.write(
            """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: \(folder.at("store"))}}
            http:
              addr: "\(address):443"
              tls:
                certificate: \(folder.at("cert.pem"))
                key: \(folder.at("key.pem"))
                \(wantsClients ? "clientcas: [\(folder.at("cert.pem"))]" : "")
            """, to: "config.yml")
        let prologue = """
            set -e
            ip link set lo up
            ip address show lo | grep -q \(address) || ip address add \(address)/32 dev lo
            mkdir -p /etc/containers
            mount -t tmpfs none /etc/containers
            registry=\(address):443 certs=/etc/containers/certs.d/\(address)
            docker-registry serve "$2/config.yml" >"$2/registry.log" 2>&1 &
            server=$!
            trap 'kill $server' EXIT
            timeout 120 bash -c "until (exec 3<>/dev/tcp/\(address)/443) 2>/dev/null; do sleep .05; done"
            mkdir "$2/client"
            cp "$2/cert.pem" "$2/client/me.cert" && cp "$2/key.pem" "$2/client/me.key"
            skopeo copy -q --insecure-policy --dest-cert-dir "$2/client" --dest-tls-verify=false oci:\(images.path):it \\
                docker://$registry/a:it

            """
        return try Tool.run(
            "unshare", "-m", "-n", "--propagation", "private", "sh", "-c", prologue + script, "sh",
            BuiltProgram.path("kade-server"), folder.path)
    }

    @Test func `a certificate must be trusted, by certs.d where the system does not know it`()
        throws
    {
        let outcome = try withTLSRegistry(
            at: "10.11.12.13",
            """
            "$1" pull --root "$2/a" $registry/a:it && exit 9
            "$1" pull --root "$2/b" --tls-verify=false $registry/a:it >/dev/null || exit 8
            kade="$(dirname "$1")/kade --root $2/c --runroot $2/r"
            $kade pull -q $registry/a:it 2>/dev/null && exit 6
            $kade pull -q --tls-verify=false $registry/a:it >/dev/null || exit 5
            $kade push -q $registry/a:it 2>/dev/null && exit 4
            $kade push -q --tls-verify=false $registry/a:it >/dev/null || exit 3
            mkdir -p $certs && cp "$2/cert.pem" $certs/ca.crt
            "$1" pull --root "$2/a" $registry/a:it >/dev/null || exit 7
            """)
        #expect(outcome.exitCode == 0, "\(outcome.errors) \(outcome.output)")
        #expect(outcome.output.contains(#""kind":"denied""#))
        #expect(outcome.output.contains("certs.d"))
    }

    @Test func `a registry that wants a client's certificate gets it, for pulls and pushes`() throws
    {
        let outcome = try withTLSRegistry(
            at: "10.11.12.14", wantsClients: true,
            """
            "$1" pull --root "$2/a" $registry/a:it && exit 9
            mkdir -p $certs && cp "$2/cert.pem" $certs/ca.crt
            "$1" pull --root "$2/a" $registry/a:it && exit 8
            cp "$2/cert.pem" $certs/me.cert && cp "$2/key.pem" $certs/me.key
            "$1" pull --root "$2/a" $registry/a:it >/dev/null || exit 7
            "$1" push --root "$2/a" $registry/a:it >/dev/null || exit 6
            """)
        #expect(outcome.exitCode == 0, "\(outcome.errors) \(outcome.output)")
    }

    @Test func `hosts_toml names authorities and the client's certificate, or skips it all`() throws
    {
        let outcome = try withTLSRegistry(
            at: "10.11.12.15", wantsClients: true,
            """
            hosts=/etc/containers/hosts/r.invalid
            mkdir -p $hosts "$2/home/.config/containerd"
            ln -s /etc/containers/hosts "$2/home/.config/containerd/certs.d"
            export HOME="$2/home"
            cat "$2/key.pem" "$2/cert.pem" >$hosts/both.pem
            printf '[host."https://%s"]\nclient = "both.pem"\n' $registry >$hosts/hosts.toml
            "$1" pull --root "$2/a" r.invalid/a:it && exit 9
            printf '[host."https://%s"]\nskip_verify = true\n' $registry >$hosts/hosts.toml
            "$1" pull --root "$2/a" r.invalid/a:it && exit 8
            printf 'ca = "%s/cert.pem"\nclient = "both.pem"\nserver = "%s"\n' "$2" $registry >$hosts/hosts.toml
            "$1" pull --root "$2/a" r.invalid/a:it >/dev/null || exit 7
            printf 'skip_verify = true\nclient = [["%s/cert.pem", "%s/key.pem"]]\nserver = "%s"\n' "$2" "$2" $registry >$hosts/hosts.toml
            "$1" pull --root "$2/b" r.invalid/a:it >/dev/null || exit 6
            """)
        #expect(outcome.exitCode == 0, "\(outcome.errors) \(outcome.output)")
    }

    @Test func `a registry with TLS on this machine needs no trust`() throws {
        let outcome = try withTLSRegistry(
            at: "127.0.0.1", #""$1" pull --root "$2/a" $registry/a:it"#)
        #expect(outcome.exitCode == 0, "\(outcome.errors) \(outcome.output)")
    }

    @Test func `a registry is reached through the proxy that the environment names`() throws {
        let proxy = try MisbehavingRegistry(serving: images, fault: .none)
        let root = folder.at("data")
        let reference = "registry.invalid/a/b:it"
        let environment = ["http_proxy": "http://\(proxy.authority)", "no_proxy": "other.invalid"]

        let pull = try Pull.run(
            reference, into: root, "--tls-verify=false", environment: environment)

        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        let tunnels = try proxy.requests().filter { $0.method == "CONNECT" }
        #expect(Set(tunnels.map(\.path)) == ["registry.invalid:80"])
        let direct = try Pull.run(
            reference, into: root, "--tls-verify=false",
            environment: environment.merging(["no_proxy": ".invalid"]) { $1 })
        #expect(direct.problem.hasPrefix("unavailable"))
    }
}
