import Foundation
import Testing

/// What becomes of a container whose monitor is killed.
@Suite struct KilledMonitorTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    private func isAlive(_ pid: String) -> Bool {
        FileManager.default.fileExists(atPath: "/proc/\(pid)")
    }

    @Test func `its processes end with the monitor, before any command`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c", "sleep 600 & sleep 601")
        var pids: [String] = []
        try kade.wait {  // until the shell has begun its job
            pids = try kade("top", "one", "-o", "pid").lines.dropFirst().map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            return pids.count == 2
        }
        #expect(pids.allSatisfy(isAlive), "\(pids)")
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait { !pids.contains(where: isAlive) }
    }

    @Test func `it has exited with a code that nobody knows, and goes without a rest`() throws {
        let id = try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try expectEnd(of: id)
    }

    @Test(.cgroupsOfRoot) func `so does one that was paused`() throws {
        let id = try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check("pause", "one")
        try expectEnd(of: id)
    }

    /// Kills the monitor of the container `one`, twice.
    private func expectEnd(of id: String) throws {
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        let monitor = try kade.monitor(of: "one")
        kill(monitor, SIGKILL)
        try kade.wait {
            try kade.check("ps", "-a", "--format", "{{.Status}}").hasPrefix("Exited (255)")
        }
        #expect(
            try kade.inspect("one", "{{.State.Error}}")
                == "its monitor (process \(monitor)) was killed, and the container with it")
        try kade.wait { !isAlive(pid) }
        #expect(try kade.leftovers() == [])
        #expect(try Kade.cgroups(of: id).isEmpty)
        try kade.check("start", "one")
        #expect(try kade.inspect("one", "{{.State.Error}}").isEmpty)
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait { try kade("rm", "one").exitCode == 0 }
        #expect(try kade.check("ps", "-aq").isEmpty)
        #expect(try kade.leftovers() == [])
    }

    @Test func `a program that changed its user is ended by the next command`() throws {
        let id = try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c", "exec su ann -c 'exec sleep 600'")
        try kade.wait {
            try kade("top", "one", "-o", "pid,uid,args").lines.contains {
                $0.contains("1000") && $0.contains("sleep 600")
            }
        }
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait {
            try kade.check("ps", "-a", "--format", "{{.Status}}").hasPrefix("Exited (255)")
        }
        try kade.wait { !isAlive(pid) }
        #expect(try Kade.cgroups(of: id).isEmpty)
    }

    @Test(arguments: ["ps", "inspect one", "wait one", "exec one true", "top one"])
    func `the next command that cares starts it again where its policy says so`(
        command: String
    ) throws {
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "always", "busybox", "sh", "-c",
            "echo run; exec sleep 600")
        try kade.wait { try kade("logs", "one").lines.count == 1 }
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait { !isAlive(pid) }
        let next = try Tool.start(
            kade.commandLine(command.split(separator: " ").map(String.init)))
        try kade.wait { try kade("logs", "one").lines.count == 2 }
        try kade.wait {  // the program may write before the monitor has noted its start
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}} {{.State.Error}}")
                == "1 running "
        }
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}}") == "2 running"
        }
        try kade.check("stop", "-t", "0", "one")
        let outcome = try next.wait()
        #expect(outcome.exitCode == 0)
        if command == "wait one" { #expect(outcome.output == "255\n") }
        #expect(try kade.inspect("one", "{{.State.Status}}") == "exited")
    }

    @Test func `on-failure counts a lost run as one of its retries`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "on-failure:1", "busybox", "sleep", "600")
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}}") == "1 running"
        }
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}")
                == "1 exited 255"
        }
    }

    @Test(arguments: ["stop", "kill", "rm"])
    func `a command that ends it does not start it again`(command: String) throws {
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "always", "busybox", "sh", "-c",
            "echo run; exec sleep 600")
        try kade.wait { try kade("logs", "one").lines.count == 1 }
        let monitor = try kade.monitor(of: "one")
        kill(monitor, SIGKILL)
        try kade.wait { !isAlive("\(monitor)") }
        let outcome = try kade(command, "one")
        #expect(outcome.exitCode == (command == "kill" ? 1 : 0), "\(outcome)")
        guard command != "rm" else { return }
        #expect(try kade.inspect("one", "{{.State.Status}}") == "exited")
        #expect(try kade("logs", "one").lines.count == 1)
    }

    @Test func `a monitor killed while it stops its container does not bring it back`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "always", "busybox", "sleep", "600")
        let stop = try kade.start("stop", "-t", "300", "one")
        try kade.wait {  // until the monitor has sent the first signal
            try kade.check(
                "events", "--since", "0", "--until", "0s", "-f", "event=kill", "--format",
                "{{.Action}}") == "kill"
        }
        kill(try kade.monitor(of: "one"), SIGKILL)
        #expect(try stop.wait().exitCode == 0)
        #expect(
            try kade.inspect("one", "{{.State.Status}} {{.State.ExitCode}}") == "exited 255")
    }

    @Test func `a --rm container goes with its monitor`() throws {
        try kade.check(
            "run", "-d", "--rm", "--name", "one", "-v", "/data", "busybox", "sleep", "600")
        kill(try kade.monitor(of: "one"), SIGKILL)
        try kade.wait { try kade.check("ps", "-aq").isEmpty }
        #expect(try kade.leftovers() == [])
    }
}
