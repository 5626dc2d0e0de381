import OCI
import Testing

@Suite(.enabled(if: isRoot)) struct RuntimeHookTests {
    private static func hook(_ command: String, timeout: Int? = nil) -> RuntimeSpec.Hook {
        RuntimeSpec.Hook(path: "/bin/sh", args: ["sh", "-c", command], timeout: timeout)
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `hooks run in the specification's order, where it says`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        let log = bundle.folder.at("log")
        // Where a hook ends before it has read the state, crun 1.8 may fail with EPIPE.
        let reading = { (command: String) in Self.hook("cat > /dev/null; \(command)") }
        let note = { (name: String) in reading("echo \(name) >> \(log)") }
        bundle.spec.hooks = RuntimeSpec.Hooks(
            prestart: [note("prestart")], createRuntime: [note("createRuntime")],
            createContainer: [
                reading("echo createContainer $(hostname) >> \(log)")
            ],
            startContainer: [reading("test -e \(log) || echo apart > /tmp/start")],
            poststart: [note("poststart")], poststop: [note("poststop")])
        bundle.spec.hostname = "inside"
        let outcome = try bundle.run(shell: "cat /tmp/start")
        #expect(outcome.output == "apart\n", "\(outcome)")
        let lines = try bundle.folder.text("log").split(separator: "\n").map(String.init)
        let host = try Tool.check("hostname")
        #expect(
            lines == [
                "prestart", "createRuntime", "createContainer \(host.dropLast())", "poststart",
                "poststop",
            ])
    }

    @Test func `a hook reads the state, with the process and its status`() throws {
        let bundle = try RuntimeBundle()
        bundle.spec.annotations = ["a": "b"]
        bundle.spec.hooks = RuntimeSpec.Hooks(
            prestart: [Self.hook("cat > \(bundle.folder.at("prestart"))")],
            createRuntime: [Self.hook("cat > \(bundle.folder.at("state"))")])
        _ = try bundle.run(shell: "true")
        #expect(try bundle.folder.text("prestart").contains("created"))
        let state = try JSONValue.parse(
            Array(bundle.folder.text("state").utf8), named: "state")
        #expect(state["id"]?.string == bundle.id)
        #expect(state["status"]?.string == "creating")
        #expect((state["pid"]?.int ?? 0) > 1)
        #expect(state["bundle"]?.string == bundle.folder.path)
        #expect(state["annotations"]?["a"]?.string == "b")
    }

    @Test func `a hook that fails takes the container back, after which poststop runs`() throws {
        let bundle = try RuntimeBundle()
        bundle.spec.hooks = RuntimeSpec.Hooks(
            createRuntime: [Self.hook("echo no luck >&2; exit 3")],
            poststop: [Self.hook("echo stopped > \(bundle.folder.at("log"))")])
        let outcome = try bundle.run(shell: "echo never")
        #expect(outcome.exitCode == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("exited with 3: no luck"))
        #expect(try bundle.folder.text("log") == "stopped\n")
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a hook is killed after its timeout`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        bundle.spec.hooks = RuntimeSpec.Hooks(prestart: [Self.hook("sleep 60", timeout: 1)])
        let outcome = try bundle.run(shell: "echo never")
        #expect(outcome.exitCode != 0)
        #expect(outcome.output == "")
        guard runtime == .kade else { return }
        #expect(outcome.errors.contains("longer than its timeout of 1 s"))
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a hook that fails ends the creation`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        for kind in [\RuntimeSpec.Hooks.prestart, \.createRuntime, \.createContainer] {
            let bundle = try RuntimeBundle(for: runtime)
            var hooks = RuntimeSpec.Hooks()
            hooks[keyPath: kind] = [Self.hook("exit 3")]
            bundle.spec.hooks = hooks
            let outcome = try bundle.run(shell: "echo never")
            #expect(outcome.exitCode != 0)
            #expect(outcome.output == "")
        }
    }

    @Test func `a failing poststart hook stops and removes the container`() throws {
        let bundle = try RuntimeBundle()
        bundle.spec.hooks = RuntimeSpec.Hooks(poststart: [Self.hook("exit 1")])
        let outcome = try bundle.run(shell: "sleep 1000")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("poststart"))
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a failing poststop hook is a warning`() throws {
        let bundle = try RuntimeBundle()
        bundle.spec.hooks = RuntimeSpec.Hooks(poststop: [Self.hook("exit 1")])
        let outcome = try bundle.run(shell: "exit 5")
        #expect(outcome.exitCode == 5)
        #expect(outcome.errors.contains("poststop"))
    }
}
