import Foundation
import Testing

/// Flags of `run` that Podman has and Docker does not.
@Suite struct PodmanFlagTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox(environment: ["HTTPS_PROXY": "http://proxy:1", "OTHER": "x"])
        folder = try TemporaryFolder()
    }

    @Test func `--umask and --tz are the process's`() throws {
        let outcome = try kade.shell(
            "umask; touch /x; stat -c %a /x; date -d @0 +%H:%M; touch /etc/localtime || echo denied",
            "--umask", "0077", "--tz", "Asia/Tokyo")
        #expect(outcome.lines == ["0077", "600", "09:00", "denied"], "\(outcome)")
        let local = try kade.shell("date -d @0 +%z", "--tz", "local")
        #expect(local.output == (try Tool.check("date", "-d", "@0", "+%z")), "\(local)")
        for zone in ["Nowhere/At_All", "../../../etc/passwd", "Europe"] {
            let outcome = try kade.shell("true", "--tz", zone)
            #expect(outcome.exitCode == 125)
            #expect(outcome.errors.contains("cannot use time zone \(zone)"), "\(outcome)")
        }
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `variables are left out, or come from the host`() throws {
        try kade.check("create", "--name", "maker", "busybox", "true")
        try kade.check("commit", "-c", "ENV A=1 B=2", "maker", "variables")
        func environment(_ flags: String...) throws -> Set<String> {
            Set(try kade.call(["run", "--rm"] + flags + ["variables", "/bin/env"]).lines)
        }
        let some = try environment("--unsetenv", "A", "--unsetenv", "PATH", "-e", "C=3")
        #expect(some.contains("B=2") && some.contains("C=3") && some.contains("HOME=/root"))
        #expect(!some.contains { $0.hasPrefix("A=") || $0.hasPrefix("PATH=") })
        // A home has everyone.
        #expect(try environment("--unsetenv-all", "-e", "A=7") == ["A=7", "HOME=/root"])
        let proxied = try environment("--http-proxy")
        #expect(proxied.contains("HTTPS_PROXY=http://proxy:1") && !proxied.contains("OTHER=x"))
        #expect(try environment("--env-host", "-e", "OTHER=y").contains("OTHER=y"))
        #expect(try environment("--env-host").contains("HTTPS_PROXY=http://proxy:1"))
    }

    @Test func `--replace takes the name of another container`() throws {
        let first = try kade.check("run", "-d", "--name", "web", "busybox", "sleep", "600")
        let second = try kade.check(
            "run", "-d", "--replace", "--name", "web", "busybox", "sleep", "600")
        #expect(first != second)
        #expect(try kade.check("ps", "-aq", "--no-trunc") == second)
        #expect(
            try kade("run", "--replace", "busybox", "true").errors.contains("--name is not set"))
        #expect(
            try kade.check("run", "--rm", "--replace", "--name", "new", "busybox", "echo", "x")
                == "x")
    }

    @Test func `--rmi removes the image with the container, unless others have it`() throws {
        try kade.check("tag", "busybox", "once:1")
        #expect(try kade.check("run", "--rmi", "once:1", "echo", "x") == "x")
        #expect(try kade("image", "inspect", "once:1").exitCode == 1)
        try kade.check("create", "--name", "user", "busybox", "true")
        let kept = try kade("run", "--rmi", "busybox", "true")
        #expect(kept.exitCode == 0)
        #expect(kept.errors.contains("image busybox stays"), "\(kept)")
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 1)
        #expect(try kade("run", "-d", "--rmi", "busybox", "true").errors.contains("leave -d out"))
    }

    @Test func `--runtime has one value`() throws {
        #expect(try kade.shell("echo x", "--runtime", "kade-runtime").output == "x\n")
        #expect(try kade.shell("true", "--runtime", "runc").errors.contains("this one alone"))
    }

    @Test func `--pidfile has the pid of each start`() throws {
        let file = folder.at("pid")
        try kade.check("run", "-d", "--name", "one", "--pidfile", file, "busybox", "sleep", "600")
        #expect(try folder.text("pid") == kade.inspect("one", "{{.State.Pid}}"))
        try kade.check("restart", "-t", "0", "one")
        #expect(try folder.text("pid") == kade.inspect("one", "{{.State.Pid}}"))
        let refused = try kade.shell("true", "--pidfile", folder.at("none/pid"))
        #expect(refused.exitCode == 125)
        #expect(refused.errors.contains("cannot write the pid file"), "\(refused)")
        try kade.check("rm", "-f", "one")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `--timeout kills what runs longer`() throws {
        let outcome = try kade("run", "--rm", "--timeout", "1", "busybox", "sleep", "600")
        #expect(outcome.exitCode == 137, "\(outcome)")
        #expect(try kade.check("run", "--rm", "--timeout", "600", "busybox", "echo", "x") == "x")
    }

    @Test func `--read-only-tmpfs and --image-volume choose what is mounted`() throws {
        let written = try kade.shell(
            "touch /run/x /tmp/x /var/tmp/x && echo written; touch /x || echo denied",
            "--read-only",
            "--read-only-tmpfs")
        #expect(written.lines == ["written", "denied"], "\(written)")
        #expect(try kade.shell("true", "--read-only-tmpfs").errors.contains("writable"))
        try kade.check("create", "--name", "maker", "busybox", "true")
        try kade.check("commit", "-c", "VOLUME /data", "maker", "with-volume")
        func mounts(_ flag: String...) throws -> String {
            try kade.call(
                ["run", "--rm"] + flag + ["with-volume", "sh", "-c", "grep ' /data ' /proc/mounts"]
            ).output
        }
        #expect(try mounts("--image-volume", "tmpfs").hasPrefix("tmpfs "))
        #expect(try mounts("--image-volume", "ignore").isEmpty)
        let volume = try mounts("--image-volume", "anonymous")
        #expect(!volume.isEmpty && !volume.hasPrefix("tmpfs "))
    }
}
