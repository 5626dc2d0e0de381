import Foundation
import Testing

/// New programs in the place of those that run: containers, their monitors and whoever follows them
/// go on, and the new ones work with what the old ones began.
@Suite(.enabled(if: isRoot)) struct UpgradeTests {
    private let kade: Kade
    private static let names = ["kade", "kade-runtime", "kade-server"]

    init() throws {
        kade = try Kade()
        let folder = kade.folder.at("programs")
        try Tool.check("mkdir", folder)
        kade.programs = folder
        try install()
        try kade.check("import", try Kade.busyboxArchive.get(), "busybox:latest")
    }

    /// Puts new files in the place of the programs, as a package manager does.
    private func install() throws {
        for name in Self.names {
            let path = kade.folder.at("programs/" + name)
            try Tool.check("cp", BuiltProgram.path(name), path + ".new")
            try Tool.check("mv", "-f", path + ".new", path)
        }
    }

    private func ticks() throws -> Int {
        try kade.check("logs", "one").split(separator: "\n").count
    }

    @Test func `containers and those who follow them go on, and every command works`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "always", "--health-cmd", "true",
            "--health-interval", "200ms", "busybox", "sh", "-c",
            "while true; do echo tick; sleep 0.1; done")
        let follower = try kade.start("logs", "-f", "one")
        let attached = try kade.start("attach", "one")
        try kade.wait { follower.output.contains("tick") && attached.output.contains("tick") }
        let monitor = try kade.monitor(of: "one")
        try install()
        let program = try FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(monitor)/exe")
        #expect(program.hasSuffix("(deleted)"), "\(program)")
        let before = (try ticks(), follower.output.utf8.count, attached.output.utf8.count)
        try kade.wait {
            try ticks() > before.0 && follower.output.utf8.count > before.1
                && attached.output.utf8.count > before.2
        }
        #expect(try kade.check("exec", "one", "echo", "entered") == "entered")
        try kade.wait { try kade.inspect("one", "{{.State.Health.Status}}") == "healthy" }
        if !Kade.isOrdinary {  // cgroups of version 1 belong to root
            try kade.check("pause", "one")
            try kade.check("unpause", "one")
        }
        try kade.check("update", "--restart", "on-failure:5", "one")
        #expect(try kade.monitor(of: "one") == monitor)
        // The old monitor starts the program again by itself.
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        kill(try #require(pid_t(pid)), SIGKILL)
        try kade.wait {
            try kade.inspect("one", "{{.State.Running}} {{.RestartCount}}") == "true 1"
        }
        #expect(try kade.monitor(of: "one") == monitor)
        attached.signal(SIGKILL)
        try kade.check("stop", "-t", "0", "one")
        #expect(try follower.wait().exitCode == 0)
        try kade.check("start", "one")
        #expect(try kade.monitor(of: "one") != monitor)
        try kade.check("rm", "-f", "one")
        try kade.wait { try kade.leftovers() == [] }
    }

    @Test func `a container that ends after an upgrade is removed, and a killed monitor missed`()
        throws
    {
        try kade.check("run", "-d", "--rm", "--name", "gone", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "lost", "--restart", "always", "busybox", "sleep", "600")
        try install()
        try kade.check("kill", "gone")
        try kade.wait { try kade.check("ps", "-a", "--format", "{{.Names}}") == "lost" }
        kill(try kade.monitor(of: "lost"), SIGKILL)
        try kade.wait {
            try kade.check("ps", "--format", "{{.Names}}") == "lost"
                && kade.inspect("lost", "{{.State.Running}} {{.RestartCount}}") == "true 1"
        }
        try kade.check("rm", "-f", "lost")
        try kade.wait { try kade.leftovers() == [] }
    }

    /// A state of the runtime that says what this one does not know.
    @Test func `containers of a version to come are listed and removed`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check("run", "-d", "--name", "two", "busybox", "sleep", "600")
        let file = "\(kade.runRoot)/runtime/\(try kade.inspect("one", "{{.Id}}"))/state.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try Data(("{\"format\":7," + text.dropFirst()).utf8).write(to: URL(fileURLWithPath: file))
        #expect(try kade.check("ps", "-q").split(separator: "\n").count == 2)
        let entered = try kade("exec", "one", "true")
        #expect(entered.exitCode != 0)
        #expect(entered.errors.contains("a newer kade-runtime keeps it"), "\(entered)")
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.check("rm", "-f", "one", "two")
        try kade.wait { try kade.leftovers() == [] }
    }
}
