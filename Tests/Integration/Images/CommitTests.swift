import Foundation
import Testing

/// Images and archives that are made of containers.
@Suite(.enabled(if: isRoot)) struct CommitTests {
    @Test func `an image has the container's files and configuration, and the changes`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "create", "--name", "one", "-e", "A=1", "-w", "/tmp", "-l", "x=y", "busybox", "sh",
            "-c",
            "echo made > /made; rm /etc/group; chmod 700 /home; ln /made /again; exit 3")
        _ = try kade("start", "-a", "one")
        let id = try kade.check(
            "commit", "-a", "Ann <ann@example.com>", "-m", "a message", "-c",
            "CMD [\"cat\", \"/made\"]",
            "-c", "ENV B=2", "-c", "EXPOSE 80", "-c", "ONBUILD RUN true", "-c", "USER ann",
            "-c", "HEALTHCHECK --interval=1m30s --retries=3 CMD test -e /made",
            "-c", "VOLUME /data", "-c", "STOPSIGNAL USR1", "-c", "ENTRYPOINT [\"env\"]",
            "-c", "WORKDIR /home", "one", "made:1")
        #expect(id.hasPrefix("sha256:"))
        #expect(try kade.check("inspect", "-f", "{{.Id}}", "made:1") == id)
        #expect(
            try kade.check(
                "inspect", "-f",
                "{{json .Config.Env}} {{.Config.User}} {{.Config.WorkingDir}} {{json .Config.Cmd}} "
                    + "{{json .Config.ExposedPorts}} {{json .Config.Labels}} {{.Author}} {{.Comment}} "
                    + "{{json .Config.OnBuild}} {{json .Config.Volumes}} {{.Config.StopSignal}}",
                "made:1")
                == #"["A=1","B=2"] ann /home ["cat","/made"] {"80/tcp":{}} {"x":"y"} "#
                + #"Ann <ann@example.com> a message ["RUN true"] {"/data":{}} USR1"#)
        #expect(try kade.check("run", "--rm", "made:1") == "made")
        let shown = try kade.check(
            "run", "--rm", "--entrypoint", "sh", "-u", "0", "made:1", "-c",
            "ls /etc/group; stat -c %a /home; stat -c %h /made")
        #expect(shown == "700\n2")
        let history = try kade.check("history", "--format", "{{.Comment}}|{{.Size}}", "made:1")
        #expect(history.hasPrefix("a message|5B\n"))
        #expect(try kade("commit", "-c", "FROM x", "one").exitCode == 1)
        #expect(try kade("commit", "-c", "HEALTHCHECK --no CMD x", "one").exitCode == 1)
        #expect(try kade("commit", "no-such-container").exitCode == 1)
    }

    @Test(.cgroupsOfRoot)
    func `a running container is paused meanwhile, and goes on`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c",
            "while :; do echo x >> /count; sleep 0.01; done")
        for flags in [[], ["--no-pause"]] {
            let id = try kade.call(["commit"] + flags + ["one"])
            #expect(id.exitCode == 0, "\(id.errors)")
            #expect(try kade.inspect("one", "{{.State.Status}}") == "running")
        }
        try kade.check("pause", "one")
        try kade.check("commit", "one", "paused:1")
        #expect(try kade.inspect("one", "{{.State.Status}}") == "paused")
        #expect(
            try kade.check("images", "-q", "--filter", "dangling=true").split(separator: "\n").count
                == 2)
    }

    @Test(.cgroupsOfRoot)
    func `a container that a killed commit left frozen goes on with the next command`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c",
            "head -c 200000000 /dev/zero > /big; touch /ready; sleep 1000")
        try kade.wait { try kade("exec", "one", "test", "-e", "/ready").exitCode == 0 }
        var isFrozen = false
        // A commit that was over before anybody saw it is tried again.
        for _ in 0..<20 where !isFrozen {
            let commit = try kade.start("commit", "one", "made:1")
            while commit.process.isRunning, !isFrozen {
                isFrozen =
                    try Tool.check(
                        "find", kade.root + "/containers", "-name", "pause.lock"
                    ).isEmpty == false && (try Self.isFrozen(kade, "one"))
            }
            commit.signal(SIGKILL)
            commit.process.waitUntilExit()
        }
        #expect(isFrozen)
        #expect(try kade.check("exec", "one", "echo", "goes on") == "goes on")
        #expect(try kade.inspect("one", "{{.State.Status}}") == "running")
        // A pause that a user wants stays.
        try kade.check("pause", "one")
        #expect(try kade.check("ps", "--format", "{{.State}}") == "paused")
        try kade.check("unpause", "one")
    }

    /// Asks the runtime, which mends nothing.
    private static func isFrozen(_ kade: Kade, _ name: String) throws -> Bool {
        let id = try Tool.check("ls", kade.root + "/containers").trimmingCharacters(in: .newlines)
        let state = try Tool.run(
            BuiltProgram.path("kade-runtime"), "--root", kade.runRoot + "/runtime", "state", id)
        return state.output.contains("\"paused\"")
    }

    @Test func `the same changes at the same second give the same image`() throws {
        let kade = try Kade.withBusybox()
        var ids: [String] = []
        for name in ["aa", "bb"] {
            try kade.check(
                "run", "--name", name, "busybox", "sh", "-c", "mkdir /d; echo x > /d/f; rm -r /home"
            )
            var command = ["env", "SOURCE_DATE_EPOCH=1700000000"]
            command += kade.commandLine(["commit", name])
            let outcome = try Tool.start(command).wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            ids.append(outcome.output)
        }
        #expect(ids[0] == ids[1])
        #expect(
            try kade.check("inspect", "-f", "{{.Created}}", String(ids[0].dropLast()))
                .hasPrefix("2023-11-14T22:13:20"))
    }

    @Test func `a container without changes adds no layer`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "one", "busybox", "true")
        try kade.check("commit", "one", "same:1")
        #expect(
            try kade.check("inspect", "-f", "{{json .RootFS.Layers}}", "same:1")
                == kade.check("inspect", "-f", "{{json .RootFS.Layers}}", "busybox"))
    }

    @Test func `export writes what the container shows but no mounts`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "-v", "/data", "-v", "\(kade.folder.path):/bound",
            "busybox",
            "sh", "-c",
            "echo in > /data/in; echo new > /etc/new; rm /etc/group; mkdir -m 711 /d; touch /ready; sleep 1000"
        )
        try kade.wait { try kade("exec", "one", "test", "-e", "/ready").exitCode == 0 }
        let first = kade.folder.at("first.tar")
        try kade.check("export", "-o", first, "one")
        let names = try Tool.check("tar", "-tf", first).split(separator: "\n").map(String.init)
        #expect(names.contains("etc/new") && names.contains("bin/busybox"))
        #expect(names.contains("data/") && names.contains("bound/"))
        #expect(!names.contains { $0.hasPrefix("data/") && $0 != "data/" })
        #expect(!names.contains("etc/group"))
        #expect(names == names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        let second = kade.folder.at("second.tar")
        try Tool.check(
            ["sh", "-c", "\"$@\" > \(second)", "sh"] + kade.commandLine(["export", "one"]))
        #expect(try Tool.run("cmp", first, second).exitCode == 0)
        #expect(try kade("export", "-o", kade.folder.at("no/such/place"), "one").exitCode == 1)
        #expect(try kade("export", "-o", first, "no-such").exitCode == 1)
        #expect(try Tool.run("cmp", first, second).exitCode == 0)  // it is still there
        try kade.check("import", first, "again:1")
        #expect(
            try kade.check("run", "--rm", "--entrypoint", "/bin/cat", "again:1", "/etc/new")
                == "new")
    }

    @Test func `the history of an image is told in Docker's forms`() throws {
        let kade = try Kade.withBusybox()
        let table = try kade.check("history", "busybox")
        #expect(table.hasPrefix("IMAGE"))
        let id = try kade.check("inspect", "-f", "{{.Id}}", "busybox")
        #expect(try kade.check("history", "-q", "--no-trunc", "busybox") == id)
        #expect(try kade.check("history", "-q", "busybox") == String(id.dropFirst(7).prefix(12)))
        let size = try kade.check("history", "-H=false", "--format", "{{.Size}}", "busybox")
        #expect(try #require(Int(size)) > 100_000)
        #expect(
            try kade.check("history", "--format", "json", "busybox").contains("\"CreatedBy\":\"\""))
        #expect(try kade("history", "--platform", "linux/s390x", "busybox").exitCode == 1)
    }
}
