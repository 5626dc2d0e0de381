import Foundation
import Testing

/// The flags of `run` that mount something, seen from inside and on the host.
@Suite struct MountFlagTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox()
        folder = try TemporaryFolder()
        try folder.write("host\n", to: "shared/file")
    }

    private var shared: String { folder.at("shared") }

    @Test func `-v mounts a directory or a file of the host, writable or not`() throws {
        let outcome = try kade.shell(
            "cat /d/file /one; echo inside > /d/new; echo more >> /one; echo x > /r/no || echo denied",
            "-v", "\(shared):/d", "-v", "\(shared)/file:/one:rw", "-v", "\(shared):/r:ro")
        #expect(outcome.lines == ["host", "host", "denied"], "\(outcome)")
        #expect(outcome.errors.contains("Read-only file system"))
        #expect(try folder.text("shared/new") == "inside\n")
        #expect(try folder.text("shared/file") == "host\nmore\n")
        #expect(!FileManager.default.fileExists(atPath: "\(shared)/no"))
    }

    @Test func `-v makes a source that is not there, --mount does not`() throws {
        let made = folder.at("not/yet")
        #expect(try kade.shell("ls -d /d", "-v", "\(made):/d").output == "/d\n")
        #expect(FileManager.default.fileExists(atPath: made))
        let missing = folder.at("never")
        let refused = try kade.shell("true", "--mount", "type=bind,src=\(missing),dst=/d")
        #expect(refused.exitCode == 125)
        #expect(refused.errors.contains(missing))
        #expect(!FileManager.default.fileExists(atPath: missing))
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `--mount type=bind binds, readonly forbids, and a deeper target is made`() throws {
        let outcome = try kade.shell(
            "cat /a/b/c/file; touch /r/x 2>/dev/null || echo denied; touch /a/b/c/y && echo written",
            "--mount", "type=bind,source=\(shared),target=/a/b/c",
            "--mount", "type=bind,src=\(shared),dst=/r,readonly")
        #expect(outcome.lines == ["host", "denied", "written"], "\(outcome)")
    }

    @Test func `--tmpfs has its options, and Docker's when there are none`() throws {
        let outcome = try kade.shell(
            "grep -E ' /(t|u|m) ' /proc/mounts; touch /t/x && echo written; stat -c %a /u /m",
            "--tmpfs", "/t", "--tmpfs", "/u:size=64k,mode=700,exec",
            "--mount", "type=tmpfs,target=/m,tmpfs-size=1m,tmpfs-mode=750")
        let mounts = outcome.lines.filter { $0.hasPrefix("tmpfs") }
        #expect(mounts.count == 3, "\(outcome)")
        let plain = mounts.first { $0.contains(" /t ") } ?? ""
        for option in ["rw", "nosuid", "nodev", "noexec"] { #expect(plain.contains(option)) }
        let sized = mounts.first { $0.contains(" /u ") } ?? ""
        #expect(sized.contains("size=64k") && !sized.contains("noexec"))
        #expect(mounts.contains { $0.contains(" /m ") && $0.contains("size=1024k") })
        #expect(outcome.lines.suffix(3) == ["written", "700", "750"])
        let full = try kade.shell(
            "head -c 100000 /dev/zero > /u/f || stat -c %s /u/f", "--tmpfs", "/u:size=64k")
        #expect(full.output == "65536\n", "\(full)")
    }

    @Test func `--read-only forbids the rootfs, and not what is mounted on it`() throws {
        let outcome = try kade.shell(
            "touch /x || echo denied; touch /tmp/y /d/z /dev/shm/w && echo written; echo > /dev/null"
                + " && echo null", "--read-only", "--tmpfs", "/tmp", "-v", "\(shared):/d")
        #expect(outcome.lines == ["denied", "written", "null"], "\(outcome)")
        #expect(outcome.errors.contains("Read-only file system"))
    }

    @Test func `an anonymous volume keeps what the image has there, and goes with --rm`() throws {
        let first = try kade.shell(
            "ls -d /home/ann; touch /home/new && echo written; grep -c ' /home ' /proc/mounts",
            "-v", "/home")
        #expect(first.lines == ["/home/ann", "written", "1"], "\(first)")
        #expect(try volumes().isEmpty)
        let id = try kade.check("run", "-d", "-v", "/home", "busybox", "touch", "/home/kept")
        try kade.check("wait", id)
        #expect(try volumes().count == 1)
        try kade.check("start", id)
        try kade.check("wait", id)
        try kade.check("rm", "-v", id)
        #expect(try volumes().isEmpty)
    }

    @Test func `a named volume outlives its containers`() throws {
        try kade.check("run", "--rm", "-v", "data:/d", "busybox", "touch", "/d/kept")
        #expect(try kade.shell("ls /e", "-v", "data:/e:ro").output == "kept\n")
        let mount = "type=volume,source=data,target=/f"
        #expect(try kade.shell("ls /f", "--mount", mount).output == "kept\n")
    }

    @Test func `what cannot be mounted is refused`() throws {
        for flags in [
            ["-v", "\(shared):relative"], ["-v", "\(shared):/"], ["-v", "\(shared):/d:what"],
            ["--mount", "type=bind,src=\(shared)"], ["--mount", "type=what,dst=/d"],
            ["--mount", "type=tmpfs,dst=/d,src=/x"], ["-v", "\(shared):/d", "--tmpfs", "/d"],
            ["--tmpfs", "/d:what"],
        ] {
            let outcome = try kade.call(["run", "--rm"] + flags + ["busybox", "true"])
            #expect(outcome.exitCode == 125, "\(flags)")
            #expect(!outcome.errors.isEmpty)
        }
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `a link in the image cannot lead a mount out of the rootfs`() throws {
        let outside = folder.at("outside")
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
        try Tool.check(
            "sh", "-c",
            "mkdir -p $1/r/bin && cp /bin/busybox $1/r/bin/sh && ln -s $1/outside $1/r/link"
                + " && tar -C $1/r -cf $1/linked.tar .", "sh", folder.path)
        try kade.check("import", folder.at("linked.tar"), "linked")
        let outcome = try kade(
            "run", "--rm", "-v", "\(shared):/link/deep", "linked", "/bin/sh", "-c",
            "exec < /link/deep/file && read line && echo $line")
        #expect(outcome.exitCode == 125, "\(outcome)")
        #expect(outcome.output.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
    }

    /// The directories of volumes in the data root.
    private func volumes() throws -> [String] {
        let path = kade.root + "/volumes"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path)
    }
}
