import Foundation
import Testing

/// `kade volume`: volumes without and with containers.
@Suite struct VolumeCommandTests {
    let kade: Kade

    init() throws {
        kade = try Kade.withBusybox()
    }

    private func inspect(_ volume: String, _ template: String) throws -> String {
        try kade.check("volume", "inspect", "-f", template, volume)
    }

    @Test func `a volume is made, shown, listed and removed as Docker's are`() throws {
        #expect(
            try kade.check("volume", "create", "--label", "a=1", "--label", "b", "data") == "data")
        let place = "\(kade.root)/volumes/data/_data"
        #expect(FileManager.default.fileExists(atPath: place))
        #expect(
            try inspect("data", "{{.Name}} {{.Driver}} {{.Scope}} {{.Mountpoint}} {{.Options}}")
                == "data local local \(place) <nil>")
        #expect(try inspect("data", "{{json .Labels}}") == #"{"a":"1","b":""}"#)
        #expect(try inspect("data", "{{.CreatedAt}}").hasSuffix("Z"))
        #expect(
            try kade.check("volume", "ls").split(separator: "\n").map {
                $0.split(separator: " ").joined(separator: "|")
            } == ["DRIVER|VOLUME|NAME", "local|data"])
        // As docker 28 prints it.
        #expect(
            try kade.check("volume", "ls", "--format", "json")
                == #"{"Availability":"N/A","Driver":"local","Group":"N/A","Labels":"a=1,b=","#
                + #""Links":"N/A","Mountpoint":"\#(place)","Name":"data","Scope":"local","#
                + #""Size":"N/A","Status":"N/A"}"#)
        // Once more is no error and changes nothing.
        #expect(try kade.check("volume", "create", "--label", "c", "data") == "data")
        #expect(try inspect("data", "{{len .Labels}}") == "2")
        #expect(try kade.check("inspect", "--type", "volume", "-f", "{{.Name}}", "data") == "data")
        #expect(try kade.check("inspect", "-f", "{{.Driver}}", "bridge") == "bridge")
        #expect(try kade("inspect", "--type", "network", "data").exitCode == 1)
        try kade.check("secret", "create", "--env", "key", "PATH")
        let secret = try kade.check("inspect", "--type", "secret", "-f", "{{.Spec.Name}}", "key")
        #expect(secret == "key")
        #expect(try kade.check("inspect", "-f", "{{.Mountpoint}}", "data") == place)
        #expect(try kade.check("volume", "rm", "data") == "data")
        #expect(try kade.check("volume", "ls", "-q").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: place))
    }

    @Test func `what is not there, or in use, says so`() throws {
        let missing = try kade("volume", "rm", "none", "nowhere")
        #expect(missing.exitCode == 1)
        #expect(missing.errors.contains("get nowhere: no such volume"))
        #expect(try kade.check("volume", "rm", "-f", "none") == "none")
        let unknown = try kade("volume", "inspect", "none")
        #expect(unknown.exitCode == 1)
        #expect(unknown.output == "[]\n")
        #expect(unknown.errors.contains("get none: no such volume"))
        let id = try kade.check("create", "-v", "data:/d", "busybox", "true")
        let busy = try kade("volume", "rm", "-f", "data")
        #expect(busy.exitCode == 1)
        #expect(busy.errors.contains("remove data: volume is in use - [\(id)]"))
        try kade.check("rm", "-v", id)
        #expect(try kade.check("volume", "rm", "data") == "data")
    }

    @Test(arguments: [
        (["volume", "create", "x"], "too short"),
        (["volume", "create", "a/b"], "invalid characters"),
        (["volume", "create", "-d", "nfs", "data"], "plugin \"nfs\" not found"),
        (["volume", "create", "-o", "size=1g", "data"], "no volume's size"),
        (["volume", "create", "-o", "type=tmpfs", "data"], "missing required option: \"device\""),
        (["volume", "create", "--scope", "multi", "data"], "swarm"),
        (["volume", "update", "data"], "no swarm"),
        (["volume", "ls", "--cluster"], "swarm"),
        (["volume", "ls", "-f", "x=y"], "invalid filter"),
        (["volume", "prune", "-f", "--filter", "until=1h"], "invalid filter"),
        (["run", "--rm", "--volumes-from", "none", "busybox"], "No such container: none"),
        (
            ["run", "--rm", "--volume-driver", "x", "-v", "data:/d", "busybox", "true"],
            "plugin \"x\""
        ),
    ])
    func `what cannot be is refused and leaves nothing`(arguments: [String], why: String) throws {
        let outcome = try kade.call(arguments)
        #expect([1, 125].contains(outcome.exitCode), "\(outcome)")
        #expect(outcome.errors.contains(why), "\(outcome)")
        #expect(try kade.check("volume", "ls", "-q").isEmpty)
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `ls has Docker's filters`() throws {
        for (name, label) in [("one", "k=1"), ("two", "k=2"), ("three", "j")] {
            try kade.check("volume", "create", "--label", label, name)
        }
        try kade.check("create", "-v", "one:/d", "busybox", "true")
        func list(_ filters: String...) throws -> [String] {
            try kade.call(["volume", "ls", "-q"] + filters.flatMap { ["-f", $0] }).lines
        }
        #expect(try list() == ["one", "three", "two"])
        #expect(try list("dangling=true") == ["three", "two"])
        #expect(try list("dangling=false") == ["one"])
        #expect(try list("label=k") == ["one", "two"])
        #expect(try list("label=k=2") == ["two"])
        #expect(try list("name=t") == ["three", "two"])
        #expect(try list("name=^one$", "driver=local") == ["one"])
        #expect(try list("driver=other").isEmpty)
        #expect(
            try kade.check("volume", "ls", "--format", "{{.Name}} {{.Label \"k\"}}")
                == "one 1\nthree \ntwo 2")
    }

    @Test func `prune takes anonymous volumes, and with --all those with names`() throws {
        let anonymous = try kade.check("volume", "create")
        #expect(anonymous.utf8.count == 64)
        #expect(
            try inspect(anonymous, "{{json .Labels}}") == #"{"com.docker.volume.anonymous":""}"#)
        try kade.check("volume", "create", "--label", "keep", "named")
        try kade.check("volume", "create", "other")
        try kade.check("create", "--name", "user", "-v", "/d", "busybox", "true")
        let first = try kade.check("volume", "prune", "-f")
        #expect(first.hasPrefix("Deleted Volumes:\n\(anonymous)\n\nTotal reclaimed space: "))
        #expect(try kade.check("volume", "ls", "-q").split(separator: "\n").count == 3)
        #expect(try kade.check("volume", "prune", "-f") == "Total reclaimed space: 0B")
        let asked = try kade("volume", "prune", "-a")
        #expect(asked.exitCode == 1)
        #expect(
            asked.output.hasPrefix(
                "WARNING! This will remove all local volumes not used by at least one container.\n")
        )
        let all = try kade.check("volume", "prune", "-af", "--filter", "label!=keep")
        #expect(all.hasPrefix("Deleted Volumes:\nother\n\n"))
        try kade.check("container", "prune", "-f")
        // As in Docker that keeps the container's volumes, which the next prune takes.
        #expect(try kade.check("volume", "ls", "-q").split(separator: "\n").count == 2)
        try kade.check("volume", "prune", "-f")
        #expect(try kade.check("volume", "ls", "-q") == "named")
    }

    @Test func `an anonymous volume goes with the container that made it, and no other`() throws {
        try kade.check("create", "--name", "first", "-v", "/d", "busybox", "true")
        let volume = try kade.inspect("first", "{{(index .Mounts 0).Name}}")
        try kade.check("create", "--name", "second", "-v", "\(volume):/e", "busybox", "true")
        try kade.check("rm", "-v", "first")
        #expect(try kade.check("volume", "ls", "-q") == volume)
        // The second one has named it.
        try kade.check("rm", "-v", "second")
        #expect(try kade.check("volume", "ls", "-q") == volume)
    }

    @Test func `a removal that was killed is finished by the next command`() throws {
        try kade.check("volume", "create", "data")
        let left = "\(kade.root)/volumes/.removed-0123456789abcdef"
        try kade.tool("cp", "-r", "\(kade.root)/volumes/data", left)
        #expect(try kade.check("volume", "ls", "-q") == "data")
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    @Test func `a volume's files go out and in as an archive`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("volume", "create", "from")
        try kade.shell("echo x > /v/f; mkdir /v/d; chown 7 /v/f; ln -s f /v/l", "-v", "from:/v")
        let file = kade.folder.at("archive.tar")
        try kade.check("volume", "export", "-o", file, "from")
        try kade.check("volume", "create", "to")
        let plan = try kade.check("volume", "import", "--plan", "to", file)
        #expect(plan.contains("tar -x"))
        #expect(try kade.shell("ls -A /v", "-v", "to:/v").output.isEmpty)
        try kade.shell("echo own > /v/own", "-v", "to:/v")
        try kade.check("volume", "import", "to", file)
        let listed = try kade.shell("cat /v/l /v/own; stat -c %u /v/f; ls -d /v/d", "-v", "to:/v")
        #expect(listed.lines == ["x", "own", "7", "/v/d"], "\(listed)")
        // Who writes while it is read is named.
        #expect(try kade("volume", "export", "-o", file, "from").errors.isEmpty)
        try kade.check("run", "-d", "--name", "writer", "-v", "from:/v", "busybox", "sleep", "600")
        try kade.check("create", "--name", "sleeper", "-v", "from:/v", "busybox", "sleep", "600")
        let busy = try kade("volume", "export", "-o", file, "from")
        #expect(busy.exitCode == 0)
        #expect(busy.errors.contains("was in use while its files were read, by writer:"), "\(busy)")
        try kade.check("rm", "-f", "writer", "sleeper")
        for command in [["export", "nobody"], ["import", "nobody", file]] {
            let refused = try kade.call(["volume"] + command)
            #expect(refused.exitCode == 1 && refused.errors.contains("no such volume"))
        }
        try kade.check("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "memory")
        let mounted = try kade("volume", "export", "-o", file, "memory")
        #expect(mounted.exitCode == 1 && mounted.errors.contains("its options mount"), "\(mounted)")
        #expect(try kade("volume", "import", "to", "/etc/hostname").exitCode == 1)
    }

    @Test func `exists tells by its exit code`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "one", "busybox", "true")
        try kade.check("volume", "create", "one")
        try kade.check("secret", "create", "one", "/etc/hostname")
        for kind in ["container", "volume", "secret"] {
            #expect(try kade(kind, "exists", "one").exitCode == 0, "\(kind)")
            let missing = try kade(kind, "exists", "two")
            #expect(missing.exitCode == 1 && missing.errors.isEmpty, "\(kind): \(missing)")
        }
        #expect(try kade("network", "exists", "none").exitCode == 0)
        #expect(try kade("network", "exists", "two").exitCode == 1)
    }

    @Test func `a volume that somebody imports into is not removed meanwhile`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("volume", "create", "cargo")
        let go = kade.folder.at("go")
        // It goes on no longer than the test does.
        let script = """
            (tar -C /etc -cf - hostname
            while [ -d \(kade.folder.path) ] && ! [ -e \(go) ]; do sleep 0.05; done) | "$@"
            """
        let running = try Tool.start(
            ["sh", "-c", script, "sh"] + kade.commandLine(["volume", "import", "cargo", "-"]))
        let lock = "\(kade.root)/volumes/cargo/lock"
        // flock(1) would make the file, which would be root's then.
        try kade.wait {
            try FileManager.default.fileExists(atPath: lock)
                && Tool.run("flock", "-n", lock, "true").exitCode != 0
        }
        let refused = try kade("volume", "rm", "cargo")
        #expect(refused.exitCode == 1 && refused.errors.contains("imports into it"), "\(refused)")
        #expect(try kade.check("volume", "prune", "-af").contains("cargo") == false)
        try Tool.check("touch", go)
        #expect(try running.wait().exitCode == 0)
        #expect(try kade.shell("ls /v", "-v", "cargo:/v").output == "hostname\n")
        try kade.check("volume", "rm", "cargo")
        let gone = try kade("volume", "import", "cargo", "/dev/null")
        #expect(gone.errors.contains("no such volume"), "\(gone)")
        #expect(try kade("volume", "rm", "cargo").errors.contains("no such volume"))
    }
}
