import Foundation
import Testing

/// `kade container clone`.
@Suite struct CloneTests {
    private let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    private func clone(_ arguments: String...) throws -> Tool.Outcome {
        try kade.call(["container", "clone"] + arguments)
    }

    /// What two containers of the same configuration have in common.
    private func shape(_ name: String) throws -> String {
        try kade.inspect(
            name,
            "{{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Entrypoint}} "
                + "{{.Config.User}} {{.Config.WorkingDir}} {{json .Config.Labels}} "
                + "{{json .HostConfig.CapAdd}} {{.HostConfig.RestartPolicy.Name}} "
                + "{{.HostConfig.PidsLimit}} {{.Config.Image}} {{.Image}} "
                + "{{.HostConfig.ReadonlyRootfs}} {{json .HostConfig.Tmpfs}}")
    }

    @Test func `a clone is asked for what the other container was, and begins anew`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "-e", "COLOUR=red", "-w", "/tmp", "-u", "ann", "--label",
            "tier=front", "--cap-add", "SYS_TIME", "--restart", "always", "--tmpfs", "/scratch",
            "-v", "named:/data", "-v", "/own", "--entrypoint", "sh", "busybox", "-c",
            "echo $COLOUR; sleep 600")
        try kade.check("exec", "-u", "0", "one", "sh", "-c", "touch /data/both /own/alone /mine")
        let outcome = try clone("one")
        #expect(outcome.exitCode == 0 && outcome.output.utf8.count == 65, "\(outcome)")
        #expect(try kade.inspect("one-clone", "{{.State.Status}}") == "created")
        #expect(try shape("one-clone") == shape("one"))
        #expect(try kade.check("diff", "one-clone").isEmpty)
        // A clone of a clone is no other.
        try kade.check("container", "clone", "--run", "one-clone", "two")
        #expect(try shape("two") == shape("one"))
        try kade.wait { try kade("logs", "two").output == "red\n" }
        #expect(
            try kade.check("exec", "-u", "0", "two", "sh", "-c", "ls /data /own")
                == "/data:\nboth\n\n/own:")
        #expect(try kade.inspect("one", "{{.State.Running}}") == "true")
        #expect(try clone("one").errors.contains("already in use"))
    }

    @Test func `a clone has another image, name and limits where they are given`() throws {
        try kade.check("tag", "busybox", "other:1")
        try kade.check("create", "--name", "one", "--restart", "no", "busybox", "true")
        try kade.check(
            "container", "clone", "--restart", "on-failure:3", "one", "changed", "other:1")
        #expect(
            try kade.inspect(
                "changed",
                "{{.Config.Image}} {{.HostConfig.RestartPolicy.Name}} {{json .Config.Cmd}}")
                == "other:1 on-failure [\"true\"]")
        // An image whose name has become another one's is found by its ID.
        let id = try kade.inspect("one", "{{.Image}}")
        try kade.check("commit", "--change", "LABEL new=1", "changed", "busybox")
        try kade.check("container", "clone", "--name", "same", "one")
        #expect(try kade.inspect("same", "{{.Image}}") == id)
    }

    @Test func `the other container goes where that is asked`() throws {
        try kade.check("run", "-d", "--name", "one", "-v", "/own", "busybox", "sleep", "600")
        let refused = try clone("--destroy", "one", "two")
        #expect(refused.exitCode == 1 && refused.errors.contains("it is running"), "\(refused)")
        #expect(try kade.check("ps", "-a", "--format", "{{.Names}}") == "one")
        let plan = try kade.check(
            "container", "clone", "--plan", "--destroy", "--force", "--run", "one", "two")
        #expect(plan.contains("INSERT INTO containers") && plan.contains("DELETE FROM containers"))
        #expect(try kade.check("ps", "-a", "--format", "{{.Names}}") == "one")
        try kade.check("container", "clone", "--destroy", "--force", "--run", "one", "two")
        #expect(try kade.check("ps", "-a", "--format", "{{.Names}} {{.State}}") == "two running")
        #expect(try clone("--force", "two").errors.contains("it is for --destroy"))
        #expect(try clone("--name", "aa", "two", "bb").errors.contains("use one of them"))
        #expect(try clone("nobody").errors.contains("No such container"))
    }
}
