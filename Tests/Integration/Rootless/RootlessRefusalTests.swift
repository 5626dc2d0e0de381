import Foundation
import Testing

/// What an ordinary user cannot have: it is said, with the reason and the way out.
@Suite(.enabled(if: isRoot)) struct RootlessRefusalTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox(as: TestUser()) }

    /// Whether the tests run where users have no cgroups: version 1, or nobody delegated one.
    private static let hasVersion1 =
        !FileManager.default.fileExists(atPath: "/sys/fs/cgroup/cgroup.controllers")

    @Test(
        .enabled(if: hasVersion1),
        arguments: [["-m", "64m"], ["--cpus", "1"], ["--pids-limit", "9"]])
    func `limits take cgroups of version 2`(flags: [String]) throws {
        let outcome = try kade.shell("true", flags[0], flags[1])
        #expect(outcome.exitCode == 125)
        #expect(
            outcome.errors.contains("cgroups of version 1, which the kernel lets root alone use"))
        #expect(outcome.errors.contains("boot with systemd.unified_cgroup_hierarchy=1"))
        #expect(try kade.check("ps", "-aq") == "")
    }

    @Test(.enabled(if: hasVersion1)) func `what a cgroup does is said to be missing`() throws {
        try kade.check("run", "-d", "--name", "plain", "busybox", "sleep", "60")
        for command in [["pause", "plain"], ["stats", "--no-stream", "plain"]] {
            let outcome = try kade.call(command)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("it has no cgroup of its own"), "\(outcome.errors)")
            #expect(outcome.errors.contains("start it where a cgroup is delegated to you"))
        }
        #expect(try kade("update", "-m", "64m", "plain").errors.contains("cgroups of version 1"))
        let information = try kade.check("info", "-f", "{{.CgroupDriver}} {{.MemoryLimit}}")
        #expect(information == "none false")
    }

    @Test(.enabled(if: hasVersion1))
    func `a commit says that the container ran on, or with --pause is none`() throws {
        try kade.check("run", "-d", "--name", "plain", "busybox", "sleep", "60")
        let refused = try kade("commit", "--pause", "plain", "refused")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("it has no cgroup of its own"), "\(refused)")
        #expect(try kade("image", "exists", "refused").exitCode == 1)
        let warned = try kade("commit", "plain", "warned")
        #expect(warned.exitCode == 0)
        #expect(
            warned.errors.contains("container plain ran while its files were read: it has no"),
            "\(warned)")
        #expect(try kade("commit", "--no-pause", "plain", "silent").errors.isEmpty)
        try kade.check("rm", "-f", "plain")
        try kade.check("create", "--name", "still", "busybox", "true")
        #expect(try kade("commit", "--pause", "still").errors.isEmpty)
    }

    @Test func `limits above the user's own are lowered or refused`() throws {
        let outcome = try kade.shell("ulimit -Hn", "--ulimit", "nofile=2000000000")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(
            outcome.errors.contains(
                "WARNING: ulimit nofile is lowered to \(outcome.output.dropLast())"))
        let score = try kade.shell("true", "--oom-score-adj", "-900")
        #expect(score.exitCode == 125)
        #expect(score.errors.contains("no CAP_SYS_RESOURCE"))
    }

    @Test func `the machine's files stay the machine's`() throws {
        let outcome = try kade.shell("cat /host/shadow; touch /host/kade-test", "-v", "/etc:/host")
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains("can't open '/host/shadow': Permission denied"))
        #expect(outcome.errors.contains("/host/kade-test: Permission denied"))
    }

    @Test func `the machine's root file system is no image of a user's`() throws {
        let outcome = try kade("run", "--rm", "host", "true")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("cannot use the image host"), "\(outcome)")
        #expect(outcome.errors.contains("run kade as root"))
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `quotas are root's to set`() throws {
        let outcome = try kade("run", "--storage-opt", "size=1g", "busybox", "true")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("root of the machine alone set quotas"), "\(outcome)")
        #expect(try kade.check("ps", "-aq").isEmpty)
        try kade.wait { try kade.leftovers().isEmpty }
    }
}
