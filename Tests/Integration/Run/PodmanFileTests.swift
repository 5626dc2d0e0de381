import Foundation
import Testing

/// Podman's flags about what a container is made of, and about the files that Kade writes for it.
@Suite(.enabled(if: isRoot)) struct PodmanFileTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    @Test func `users get entries where that is asked`() throws {
        let script = "id -un; tail -n 1 /etc/passwd; tail -n 1 /etc/group"
        let added = try kade.shell(script, "--passwd", "-u", "1234:5678", "-w", "/tmp")
        #expect(
            added.lines == [
                "1234", "1234:*:1234:5678:container user:/tmp:/bin/sh", "5678:x:5678:1234",
            ], "\(added)")
        let own = try kade.shell(
            script, "--passwd-entry", "me:x:$UID:$GID::/:/bin/sh", "-u", "1234")
        #expect(own.lines.prefix(2) == ["me", "me:x:1234:0::/:/bin/sh"], "\(own)")
        let host = try kade.shell("id -u", "--hostuser", "games", "-u", "games")
        #expect(host.output == (try Tool.check("id", "-u", "games")), "\(host)")
        let unknown = try kade.shell("true", "--hostuser", "nobody-at-all")
        #expect(unknown.exitCode == 125)
        #expect(unknown.errors.contains("the host's /etc/passwd has no such user"), "\(unknown)")
        #expect(try kade.shell("tail -n 1 /etc/passwd", "-u", "1234").output.hasPrefix("ann:"))
    }

    @Test func `names and hosts may be the image's, or begin with a file`() throws {
        try kade.folder.write("10.0.0.1 first\n10.0.0.2 second", to: "hosts")
        let file = kade.folder.at("hosts")
        let lines = try kade.shell("cat /etc/hosts", "--hosts-file", file).lines
        #expect(lines.prefix(2) == ["10.0.0.1 first", "10.0.0.2 second"])
        #expect(lines.contains { $0.hasSuffix("localhost") })
        let script = "grep -c -E ' /etc/(hosts|hostname) ' /proc/self/mountinfo"
        #expect(try kade.shell(script).output == "2\n")
        #expect(try kade.shell(script, "--no-hosts").output == "1\n")
        #expect(try kade.shell(script, "--no-hosts", "--no-hostname").output == "0\n")
        let both = try kade.shell("true", "--no-hosts", "--add-host", "a:1.2.3.4")
        #expect(both.exitCode == 125 && both.errors.contains("conflicting options"), "\(both)")
    }

    @Test func `the init program and the machine's kind may be chosen`() throws {
        #expect(try kade.shell("uname -m", "--personality", "LINUX32").output == "i686\n")
        let missing = try kade.shell("true", "--init-path", "/nowhere/init")
        #expect(missing.exitCode == 125)
        #expect(missing.errors.contains("cannot use --init-path /nowhere/init"), "\(missing)")
        let platform = try kade.shell("true", "--pull", "never", "--arch", "riscv64")
        #expect(platform.exitCode == 125 && platform.errors.contains("riscv64"), "\(platform)")
        #expect(try kade.shell("true", "--os", "linux").exitCode == 0)
        let host = try kade("run", "--rm", "--platform", "linux/riscv64", "host", "true")
        #expect(host.exitCode == 125 && host.errors.contains("for linux/riscv64"), "\(host)")
    }

    @Test func `what a container requires is started before it`() throws {
        try kade.check("create", "--name", "db", "busybox", "sleep", "600")
        try kade.check("create", "--name", "cache", "--requires", "db", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "web", "--requires", "cache", "busybox", "sleep", "600")
        for name in ["db", "cache", "web"] {
            #expect(try kade.inspect(name, "{{.State.Running}}") == "true")
        }
        #expect(try kade("create", "--requires", "nobody", "busybox", "true").exitCode == 125)
        try kade.check("rm", "-f", "cache")
        try kade.check("stop", "-t", "0", "web")
        let refused = try kade("start", "web")
        #expect(refused.exitCode != 0)
        #expect(refused.errors.contains("it requires the container"), "\(refused)")
    }

    /// A directory with the files of busybox.
    private func rootfs() throws -> String {
        let path = kade.folder.at("root")
        try kade.tool("mkdir", path)
        try kade.tool("tar", "-C", path, "-xf", try Kade.busyboxArchive.get())
        return path
    }

    @Test func `--rootfs runs a directory of the host`() throws {
        let path = try rootfs()
        let command = ["sh", "-c", "echo y > /new; ls /proc/1 > /dev/null && id -u"]
        let outcome = try kade.call(
            ["run", "--name", "one", "--rootfs", path, "/bin/busybox"] + command)
        #expect(outcome.output == "0\n", "\(outcome)")
        #expect(try kade.folder.text("root/new") == "y\n")
        #expect(try kade.inspect("one", "{{.Config.Image}} {{.State.ExitCode}}") == "\(path) 0")
        #expect(try kade.check("ps", "-a", "--format", "{{.Image}}") == path)
        try kade.check("restart", "one")
        try kade.check("wait", "one")
        try kade.check("cp", "one:/new", kade.folder.at("copied"))
        #expect(try kade.folder.text("copied") == "y\n")
        for command in [["diff", "one"], ["commit", "one", "image"]] {
            #expect(try kade.call(command).errors.contains("it has no image"))
        }
        try kade.check("rm", "one")
        #expect(try kade.folder.text("root/new") == "y\n")
        let none = try kade("run", "--rm", "--rootfs", path + "/bin/busybox", "/x")
        #expect(none.exitCode == 125 && none.errors.contains("it is no directory"), "\(none)")
        let missing = try kade("run", "--rm", "--rootfs", path + "/nowhere", "/x")
        #expect(missing.exitCode == 125, "\(missing)")
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `--rootfs with :O leaves the directory as it is`() throws {
        let path = try rootfs()
        let plan = try kade.call(["run", "--plan", "--rootfs", path + ":O", "/bin/busybox", "true"])
        #expect(plan.exitCode == 0 && plan.output.contains("lowerdir=\(path)"), "\(plan)")
        let outcome = try kade.call(
            ["run", "--name", "one", "--rootfs", path + ":O", "/bin/busybox", "touch", "/new"])
        #expect(outcome.exitCode == 0, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: path + "/new"))
        #expect(try kade.check("diff", "one").contains("A /new"))
        #expect(try kade.check("export", "one").contains("new"))
    }
}
