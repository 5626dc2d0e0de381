import Diagnostics
import Engine
import Testing

@testable import cli

/// `kade run` with these words, as read.
private func run(_ words: String...) throws -> RunCommand {
    var command = RunCommand()
    _ = try CommandLineReader(command: "kade run", grammar: RunCommand.grammar)
        .read(words, into: &command)
    return command
}

private let session = Session(globals: GlobalFlags(), environment: ["HOME": "/root"])

@Suite struct ContainerFlagsTests {
    @Test func `the image ends the flags`() throws {
        let command = try run("-it", "--rm", "alpine", "ls", "-l")
        #expect(command.image == "alpine")
        #expect(command.arguments == ["ls", "-l"])
        #expect(command.container.request.process.isInteractive)
        #expect(command.container.request.process.hasTerminal)
        #expect(command.container.request.isRemovedAfterExit)
    }

    @Test func `limits reach the request`() throws {
        let command = try run(
            "-m", "512m", "--memory-swap=-1", "--cpus", "1.5", "-c", "512", "--cpuset-cpus=0-1",
            "--pids-limit", "-1", "--ulimit", "nofile=1:2", "--device-read-bps", "/dev/sda:1mb",
            "--shm-size=1g", "alpine")
        let resources = command.container.request.resources
        #expect(resources.memoryInBytes == 536_870_912)
        #expect(resources.memoryAndSwapInBytes == -1)
        #expect(resources.nanoCPUs == 1_500_000_000)
        #expect(resources.cpuShares == 512)
        #expect(resources.cpusetCPUs == "0-1")
        #expect(resources.pidsLimit == -1)
        #expect(resources.limits == [ProcessLimit(name: "nofile", soft: 1, hard: 2)])
        #expect(resources.readBytesPerSecond == [DeviceRate(path: "/dev/sda", rate: 1_048_576)])
        #expect(resources.shmSizeInBytes == 1 << 30)
    }

    @Test func `names, labels and environment reach the request`() throws {
        let command = try run(
            "--name", "web", "-h", "box", "-l", "a=b", "--label=c", "-e", "HOME", "-e", "X=1",
            "--entrypoint", "", "-w", "/srv", "-u", "1:2", "--restart", "on-failure:3",
            "--stop-signal", "INT", "--stop-timeout", "-1", "--annotation", "k=v", "alpine")
        let request = try command.container.request(image: "alpine", command: [], in: session)
        #expect(request.name == "web")
        #expect(request.network.hostname == "box")
        #expect(request.labels == ["a": "b", "c": ""])
        #expect(request.process.environment == ["HOME=/root", "X=1"])
        #expect(request.process.entrypoint == [])
        #expect(request.process.workingDirectory == "/srv")
        #expect(request.process.user == "1:2")
        #expect(request.restartPolicy == .onFailure(maximumRetries: 3))
        #expect(request.stopSignal == "INT")
        #expect(request.stopTimeoutInSeconds == -1)
        #expect(request.annotations == ["k": "v"])
        #expect(request.command == nil)
    }

    @Test func `relative sources become absolute`() throws {
        let command = try run("-v", "./data:/data:ro", "alpine")
        let request = try command.container.request(image: "alpine", command: [], in: session)
        guard case .bind(let bind) = try #require(request.mounts.first).kind else {
            Issue.record("no bind mount")
            return
        }
        #expect(bind.source.hasPrefix("/") && bind.source.hasSuffix("/data"))
    }

    @Test(arguments: [
        (["-v", "/a:/x", "--tmpfs", "/x"], "duplicate mount point: /x"),
        (["--rm", "--restart", "always"], "conflicting options: --restart and --rm"),
        (
            ["--env-file", "/nowhere/file"],
            "cannot read /nowhere/file for --env-file: No such file or directory"
        ),
    ])
    func `contradictions are refused`(flags: [String], text: String) throws {
        var command = RunCommand()
        _ = try CommandLineReader(command: "kade run", grammar: RunCommand.grammar)
            .read(flags + ["alpine"], into: &command)
        #expect {
            try command.container.request(image: "alpine", command: [], in: session)
        } throws: { ($0 as? Problem)?.description == text }
    }

    @Test(arguments: [
        "--link-local-ip=169.254.1.1", "--gpus=all,capabilities=video",
        "--runtime=runc", "--isolation=hyperv", "--pod=p", "--pod-id-file=f",
        "--cgroups=split", "--cgroups=disabled",
        "--systemd=always", "--seccomp-policy=image", "--health-startup-cmd=true", "--creds=a:b",
        "--conmon-pidfile=f", "--chrootdirs=/x", "--cpu-rt-runtime=1",
    ])
    func `flags that Docker has and Kade has not are refused as unsupported`(flag: String) {
        #expect {
            try run(flag, "alpine")
        } throws: { ($0 as? Problem)?.kind == .unsupported }
    }

    @Test func `a switch of the command and one of the container stand together`() throws {
        let command = try run("-itd", "--sig-proxy=false", "--detach=false", "alpine")
        #expect(!command.isDetached)
        #expect(!command.proxiesSignals)
    }

    @Test func `an entrypoint is a program, or a list in JSON`() {
        #expect(EntrypointFlag.words("") == [])
        #expect(EntrypointFlag.words("/bin/sh") == ["/bin/sh"])
        #expect(EntrypointFlag.words(#"["/bin/sh", "-c"]"#) == ["/bin/sh", "-c"])
        #expect(EntrypointFlag.words("[x") == ["[x"])
        #expect(EntrypointFlag.words("[1]") == ["[1]"])
        #expect(EntrypointFlag.words("[") == ["["])
    }

    @Test func `a namespace by its path is refused as unsupported`() {
        #expect {
            try run("--network=ns:/run/netns/x", "alpine")
        } throws: { ($0 as? Problem)?.kind == .unsupported }
        #expect(throws: Never.self) { try run("--isolation=default", "alpine") }
    }

    @Test func `every command's flags have names of their own`() {
        let entries = CommandTree.top + CommandTree.groups.flatMap(\.entries)
        for entry in entries {
            let flags = entry.command.description.flags
            #expect(Set(flags.map(\.name)).count == flags.count, "\(entry.name)")
            let letters = flags.compactMap(\.letter)
            #expect(Set(letters).count == letters.count, "\(entry.name)")
        }
    }
}

@Suite struct TimeFlagTests {
    private let now = Timestamp(nanosecondsSinceEpoch: 2_000_000_000_000_000_000)

    @Test(
        arguments: [
            ("10m", 1_999_999_400_000_000_000), ("1h30m", 1_999_994_600_000_000_000),
            ("1.5s", 1_999_999_998_500_000_000), ("1700000000", 1_700_000_000_000_000_000),
            ("1700000000.5", 1_700_000_000_500_000_000), ("1970-01-02", 86_400_000_000_000),
            ("1970-01-01T00:01:00", 60_000_000_000), ("1970-01-01T01:00+01:00x", nil),
            ("1970-01-01T00:00:01Z", 1_000_000_000), ("", nil), ("ten", nil), ("5", 5_000_000_000),
        ] as [(String, Int64?)])
    func `moments and durations`(text: String, nanoseconds: Int64?) {
        let flag = try? TimeFlag.parse(text)  // nil is what some cases want
        #expect(flag?.moment(before: now).nanosecondsSinceEpoch == nanoseconds)
    }
}
