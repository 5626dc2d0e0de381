import Foundation
import Testing

/// Images that `run`, `create`, `pull` and `push` name with a transport (containers-transports(5)).
@Suite(.enabled(if: isRoot)) struct TransportTests {
    /// An instance whose root has busybox as `saved`, in a form that a transport reads.
    private static func saved(_ format: String, _ names: String...) throws -> Kade {
        let kade = try Kade.withBusybox()
        for name in names where name != "busybox" { try kade.check("tag", "busybox", name) }
        let outcome = try kade.call(
            ["save", "--format", format, "-o", kade.root + "/saved"] + names)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        return kade
    }

    @Test(arguments: [
        ("dir:", "docker-dir"), ("oci:", "oci-dir"), ("oci-archive:", "oci-archive"),
        ("oci-archive://", "oci-archive"), ("docker-archive:", "docker-archive"),
    ])
    func `a container runs on an image of a file`(transport: String, format: String) throws {
        let source = try Self.saved(format, "busybox")
        defer { withExtendedLifetime(source) {} }
        let image = "\(transport)\(source.root)/saved"
        let kade = try Kade()
        #expect(try kade.check("run", "--rm", "-q", image, "echo", "here") == "here")
        #expect(try kade.call(["images", "-q"]).lines.count == 1)
        // No registry is asked, whatever the policy is.
        #expect(
            try kade.check("run", "--rm", "-q", "--pull", "always", image, "echo", "again")
                == "again")
        let id = try kade.check("create", "-q", "--name", "made", image, "true")
        #expect(try kade.inspect("made", "{{.Id}}") == id)
    }

    @Test func `an image of a file is removed with its container where that is wanted`() throws {
        let source = try Self.saved("oci-archive", "busybox")
        defer { withExtendedLifetime(source) {} }
        let image = "oci-archive:\(source.root)/saved"
        let kade = try Kade()
        try kade.check("run", "--rm", "--rmi", "-q", image, "true")
        #expect(try kade.call(["images", "-q"]).lines.isEmpty)
    }

    @Test func `an archive of several images leaves run no choice`() throws {
        let source = try Self.saved("docker-archive", "busybox", "other:1")
        defer { withExtendedLifetime(source) {} }
        let file = "\(source.root)/saved"
        let kade = try Kade()
        let outcome = try kade("run", "--rm", "-q", "docker-archive:\(file)", "true")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("busybox:latest, other:1"))
        #expect(try kade.check("run", "--rm", "other:1", "echo", "named") == "named")
    }

    @Test func `what cannot be done with a transport is refused`() throws {
        let kade = try Kade(environment: ["DOCKER_HOST": "unix:///no/such/socket"])
        for (arguments, why) in [
            (["run", "oci-archive:/no/such/file", "true"], "/no/such/file"),
            (["run", "containers-storage:x", "true"], "podman save x | kade load"),
            (["run", "--plan", "oci-archive:/x", "true"], "kade pull oci-archive:/x"),
            (["pull", "--all-tags", "oci:/x"], "--all-tags"),
            (["pull", "--authfile", "/f", "oci:/x"], "--authfile"),
            (["pull", "--policy", "missing", "docker-daemon:x"], "--policy"),
            (["pull", "--signature-policy", "/f", "dir:/x"], "--signature-policy"),
            (["pull", "--tls-verify=false", "dir:/x"], "--tls-verify"),
            (["pull", "docker-daemon:x"], "start dockerd"),
            (["push", "--digestfile", "/f", "docker-daemon:x"], "--digestfile"),
            (["push", "docker-daemon:x"], "x:latest"),
        ] {
            let outcome = try kade.call(arguments)
            #expect(outcome.exitCode != 0, "\(arguments)")
            #expect(outcome.errors.contains(why), "\(arguments): \(outcome.errors)")
        }
        let away = try Kade(environment: ["DOCKER_HOST": "ssh://host"])
        #expect(try away("pull", "docker-daemon:x").errors.contains("docker save NAME | kade load"))
    }

    @Test(.rootOnly("the test's daemon is root's, and so is its socket"))
    func `images come from Docker's daemon and go there`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            {"default": [{"type": "reject"}], "transports": {"docker-daemon": {
             "docker.io/library/from:1": [{"type": "insecureAcceptAnything"}],
             "docker.io/library/absent": [{"type": "insecureAcceptAnything"}]}}}
            """, to: "home/.config/containers/policy.json")
        let outcome = try Tool.run(
            "unshare", "-m", "-n", "--propagation", "private", "sh", "-c",
            PrivateDockerd.start + Self.script, "sh", folder.path, try Kade.busyboxArchive.get(),
            BuiltProgram.path("kade"))
        #expect(outcome.lines == Self.expected, "\(outcome.errors)")
        #expect(outcome.errors.contains("the daemon says: "))
        #expect(outcome.errors.contains("the policy "))
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
    }

    private static let expected = [
        "from:1", "hello", "again", "back:1 back", "missing 1", "rejected 1", "from:2",
    ]

    /// An image goes from Docker to Kade, runs, changes there and goes back.
    private static let script = """
        export KADE_DEFAULT_NETWORK=none HOME="$1/home"
        kade="$3 --root $1/kade --runroot $1/kade-run"
        docker import -c 'ENV PATH=/bin' "$2" from:1 > /dev/null || { cat "$1/log" >&2; exit 1; }
        docker tag from:1 from:2
        $kade pull -q docker-daemon:from:1 || exit 1
        $kade images --format '{{.Repository}}:{{.Tag}}'
        $kade run --rm from:1 echo hello
        $kade run --rm -q docker-daemon:from:1 echo again
        $kade run --name maker from:1 sh -c 'echo back > /back'
        $kade commit maker back:1 > /dev/null && $kade rm maker > /dev/null
        $kade push -q docker-daemon:back:1 > /dev/null
        docker create --name made back:1 true > /dev/null
        echo "$(docker images --format '{{.Repository}}:{{.Tag}}' back)" \\
            "$(docker cp made:/back - | tar -xO)"
        $kade pull -q docker-daemon:absent:1; echo "missing $?"
        $kade pull -q docker-daemon:from:2; echo "rejected $?"
        rm -r "$1/home/.config"; $kade rmi from:1 back:1 > /dev/null
        $kade pull -q docker-daemon:from:2 && $kade images --format '{{.Repository}}:{{.Tag}}'
        $kade rmi from:2 > /dev/null
        """
}
