import Foundation
import Testing

/// The steps of a start, as `kade explain --steps` and `kade run --explain` show them.
@Suite(.enabled(if: isRoot)) struct ExplainStepsTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    @Test func `steps are recorded unless the environment says otherwise`() throws {
        let silent = try Kade.withBusybox(environment: ["KADE_STEPS": "off"])
        try silent.check("run", "--name", "once", "--network", "none", "busybox", "true")
        let none = try silent.call(["explain", "--steps", "once"])
        #expect(none.exitCode == 0 && !none.output.contains("setsid"))
        #expect(none.errors.contains("KADE_STEPS=off"))
        let shown = try silent.call(
            ["run", "--explain", "--network", "none", "busybox", "true"])
        #expect(shown.exitCode == 0 && shown.errors.contains("setsid"), "\(shown)")
        let wrong = try Kade(environment: ["KADE_STEPS": "maybe"]).call(["ps"])
        #expect(wrong.exitCode == 1 && wrong.errors.contains("KADE_STEPS=maybe"), "\(wrong)")
        #expect(try kade.check("run", "--name", "usual", "busybox", "true").isEmpty)
        #expect(try kade.check("explain", "--steps", "usual").contains("setsid"))
    }

    @Test func `run --explain shows the steps once the program runs, or has failed to`() throws {
        let running = try kade.start(
            "run", "--rm", "--explain", "--name", "one", "busybox", "sleep", "600")
        try kade.wait { running.errors.contains(" steps in ") }
        #expect(try kade.inspect("one", "{{.State.Status}}") == "running")
        // The monitor's mounts are among them, as --plan says them.
        let rows = running.errors.split(separator: "\n")
        #expect(rows.contains { $0.contains(" monitor ") && $0.contains("mount -t overlay") })
        try kade.check("rm", "-f", "one")
        _ = try running.wait()
        let failed = try kade.call(
            ["run", "--rm", "--explain", "--sysctl", "net.no_such_thing=1", "busybox", "true"])
        #expect(failed.exitCode != 0)
        #expect(failed.errors.contains("[failed: "), "\(failed)")
        #expect(failed.errors.contains(" steps in "))
    }

    @Test func `the steps of all who make a container have one clock`() throws {
        let begin = Date()
        try kade.check("run", "-d", "--name", "one", "-v", "data:/d", "busybox", "sleep", "600")
        let steps = try kade.check("explain", "--steps", "--json", "one").split(separator: "\n")
            .map { line in
                try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        func starts(_ actor: String) throws -> [Int] {
            try steps.filter { $0["actor"] as? String == actor }
                .map { try #require($0["startInMicroseconds"] as? Int) }
        }
        let (engine, monitor, runtime) = (
            try starts("engine"), try starts("monitor"), try starts("runtime")
        )
        #expect(engine.first == 0)
        #expect(try #require(engine.last) < #require(monitor.first))
        #expect(try #require(monitor.last) < #require(runtime.first))
        #expect(runtime == runtime.sorted())
        // More would be the time since something else.
        let elapsed = Int(Date().timeIntervalSince(begin) * 1_000_000)
        #expect(try #require(runtime.last) < elapsed)
    }

    @Test func `a run that begins again has its steps in the place of the one's before`() throws {
        func steps(of name: String) throws -> [String] {
            let id = try kade.inspect(name, "{{.Id}}")
            return try kade.check("explain", "--steps", "--json", name)
                .split(separator: "\n").map { line in
                    let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    return try #require((json as? [String: Any])?["shell"] as? String)
                        .replacingOccurrences(of: id, with: "ID")
                }
        }
        try kade("run", "--name", "once", "busybox", "false")
        try kade.check(
            "run", "-d", "--name", "often", "--restart", "on-failure:3", "busybox", "false")
        try kade.wait {
            try kade.inspect("often", "{{.RestartCount}} {{.State.Status}}") == "3 exited"
        }
        let (once, often) = (try steps(of: "once"), try steps(of: "often"))
        #expect(!once.isEmpty)
        #expect(often.count == once.count, "\(often)")
        try kade("start", "-a", "once")
        #expect(try steps(of: "once").count == once.count)
    }

    @Test func `steps that cannot be written are told with the container's state`() throws {
        let programs = try TracedMonitor(in: kade.folder.at("programs"))
        kade.programs = programs.directory
        try kade.check("create", "--name", "one", "busybox", "sleep", "600")
        let id = try kade.inspect("one", "{{.Id}}")
        let file = "\(kade.root)/containers/\(id)/steps"
        try programs.traceNext(with: [
            "-f", "-qq", "-o", kade.folder.at("trace"), "-P", file, "-e", "trace=write", "-e",
            "inject=write:error=ENOSPC",
        ])
        try kade.check("start", "one")
        // They are written while the program runs already.
        try kade.wait {
            let state = try kade.inspect("one", "{{.State.Status}}: {{.State.Error}}")
            return state.hasPrefix("running: cannot record the steps in \(file): ")
                && state.contains("No space left")
        }
    }

    @Test func `who is killed before the steps are written leaves nothing in their place`() throws {
        let programs = try TracedMonitor(in: kade.folder.at("programs"))
        kade.programs = programs.directory
        try kade.check("create", "--name", "one", "--restart", "on-failure:2", "busybox", "false")
        let id = try kade.inspect("one", "{{.Id}}")
        try programs.traceNext(with: [
            "-f", "-qq", "-o", kade.folder.at("trace"), "-P",
            "\(kade.root)/containers/\(id)/steps", "-e", "trace=write", "-e",
            "inject=write:signal=KILL",
        ])
        try kade.check("start", "one")
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}}") == "2 exited"
        }
        let error = try kade.inspect("one", "{{.State.Error}}")
        #expect(error.contains("killed before its steps were recorded"), "\(error)")
        let lines = try kade.check("explain", "--steps", "--json", "one").split(separator: "\n")
        #expect(!lines.isEmpty)
        for line in lines {
            let step = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let shell = try #require(step?["shell"] as? String)
            #expect(!shell.isEmpty, "\(line)")
        }
    }
}
