import Foundation
import Testing

/// Plugins that refuse to take back what they have done, and files that are just being written.
@Suite(.enabled(if: isRoot)) struct CNIRefusalTests {
    private let kade: Kade
    private let folder: TemporaryFolder
    private let host: NetworkNamespace

    init() throws {
        host = try NetworkNamespace()
        folder = try TemporaryFolder()
        try Tool.check("mkdir", folder.at("net.d"), folder.at("plugins"))
        kade = try Kade.withBusybox(
            environment: ["NETCONFPATH": folder.at("net.d"), "CNI_PATH": folder.at("plugins")],
            in: host)
        try writePlugin("first", "")
    }

    /// A plugin that notes its calls, and then does what a script says; ADD has a result.
    private func writePlugin(_ name: String, _ script: String) throws {
        // Written beside and renamed, since it may be running.
        try folder.write(
            """
            #!/bin/sh
            echo "\(name) $CNI_COMMAND $CNI_IFNAME" >> \(folder.path)/calls
            \(script)
            [ $CNI_COMMAND != ADD ] ||
                echo '{"cniVersion": "1.0.0", "ips": [{"address": "10.65.0.5/24"}]}'
            """, to: "plugins/\(name).new")
        try Tool.check("chmod", "755", folder.at("plugins/\(name).new"))
        try Tool.check("mv", folder.at("plugins/\(name).new"), folder.at("plugins/\(name)"))
    }

    /// Makes a plugin refuse a command, with the words "no cable".
    private func writeRefusing(_ command: String, of name: String = "last") throws {
        try writePlugin(
            name,
            """
            if [ $CNI_COMMAND = \(command) ]; then
                echo '{"cniVersion": "1.0.0", "code": 100, "msg": "no cable"}'; exit 1
            fi
            """)
    }

    private func write(_ name: String, _ types: String...) throws {
        let plugins = types.map { #"{"type": "\#($0)"}"# }.joined(separator: ",")
        try folder.write(
            #"{"cniVersion": "1.0.0", "name": "\#(name)", "plugins": [\#(plugins)]}"#,
            to: "net.d/\(name).conflist")
    }

    private func start(_ name: String, _ flags: String...) throws {
        let outcome = try kade.call(
            ["run", "-d", "--name", name] + flags + ["busybox", "sleep", "9999"])
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
    }

    /// The calls of plugins since this was last asked.
    private func calls() throws -> [String] {
        let lines = try Tool.run("cat", folder.at("calls")).lines
        try Tool.check("rm", "-f", folder.at("calls"))
        return lines
    }

    private func names() throws -> [String] {
        try kade.check("ps", "-a", "--format", "{{.Names}}").split(separator: "\n")
            .map(String.init).sorted()
    }

    @Test func `rm says what to do, and rm -f removes and says what may be left`() throws {
        try writeRefusing("DEL")
        try write("front", "first", "last")
        try start("web", "--network", "front")
        try kade.check("stop", "-t", "0", "web")
        #expect(try kade.inspect("web", "{{.State.Error}}").contains("no cable"))
        _ = try calls()
        let refused = try kade("rm", "web")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("the CNI plugin last says: no cable"), "\(refused.errors)")
        #expect(refused.errors.contains("kade rm -f web"), "\(refused.errors)")
        #expect(try calls() == ["last DEL eth0"])
        #expect(try names() == ["web"])
        let forced = try kade("rm", "-f", "web")
        #expect(forced.exitCode == 0, "\(forced.errors)")
        #expect(forced.errors.contains("web is removed"), "\(forced.errors)")
        #expect(forced.errors.contains("the CNI plugin last says: no cable"), "\(forced.errors)")
        // Nobody will ask again, so that the others are called as well.
        #expect(try calls() == ["last DEL eth0", "first DEL eth0"])
        #expect(try names().isEmpty)
        try kade.check("ps", "-a")
        #expect(try calls().isEmpty)
        #expect(try kade.leftovers().isEmpty)
    }

    @Test func `rm -f of a container that runs does not wait for its plugins`() throws {
        try writeRefusing("DEL")
        try write("front", "last")
        try start("web", "--network", "front")
        let forced = try kade("rm", "-f", "web")
        #expect(forced.exitCode == 0, "\(forced.errors)")
        #expect(forced.errors.contains("no cable"))
        #expect(try names().isEmpty)
        // A plugin that is not installed any more is no other case.
        try writePlugin("last", "")
        try start("web", "--network", "front")
        try Tool.check("rm", folder.at("plugins/last"))
        let gone = try kade("rm", "-f", "web")
        #expect(gone.exitCode == 0 && gone.errors.contains("plugin last is in none of"))
        #expect(try names().isEmpty)
    }

    @Test func `prune goes on past a container that cannot leave, and names it`() throws {
        try writeRefusing("DEL")
        try write("front", "last")
        for name in ["one", "three"] { try kade.check("run", "--name", name, "busybox", "true") }
        try start("two", "--network", "front")
        try kade.check("stop", "-t", "0", "two")
        let pruned = try kade("container", "prune", "-f")
        #expect(pruned.exitCode == 1)
        #expect(pruned.errors.contains("two") && pruned.errors.contains("no cable"))
        #expect(try names() == ["two"])
        let all = try kade("system", "prune", "-f")
        #expect(all.exitCode == 1 && all.errors.contains("two"))
        try kade.check("rm", "-f", "two")
    }

    @Test func `a file that is just being written takes nothing away`() throws {
        try writePlugin("last", "")
        try write("front", "last")
        try write("back", "first")
        let id = try kade.check("network", "inspect", "-f", "{{.Id}}", "front")
        try start("web", "--network", "front", "--network", "back")
        try folder.write("{", to: "net.d/front.conflist")
        #expect(try kade.check("network", "inspect", "-f", "{{.Id}}", "front") == id)
        _ = try calls()
        // What it has already needs no file.
        try kade.check("rename", "web", "shop")
        try kade.check("network", "disconnect", "back", "shop")
        #expect(try calls() == ["first DEL eth1"])
        try kade.check("rm", "-f", "shop")
        #expect(try calls() == ["last DEL eth0"])
        #expect(try kade.check("network", "inspect", "-f", "{{.Id}}", "front") == id)
        let refused = try kade("run", "--rm", "--network", "front", "busybox", "true")
        #expect(refused.exitCode != 0 && refused.errors.contains("front.conflist"))
        try Tool.check("rm", folder.at("net.d/front.conflist"))
        #expect(try kade("network", "inspect", "front").exitCode == 1)
    }

    @Test func `what goes wrong at the end is told beside what did before`() throws {
        try writeRefusing("DEL")
        try write("front", "last")
        try start("web", "--network", "front")
        let pid = try kade.inspect("web", "{{.State.Pid}}")
        let monitor = try Tool.check("ps", "-o", "ppid=", "-p", pid)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        kill(try #require(pid_t(monitor)), SIGKILL)
        try kade.wait { try kade.inspect("web", "{{.State.Running}}") == "false" }
        let error = try kade.inspect("web", "{{.State.Error}}")
        #expect(error.contains("was killed, and the container with it"), "\(error)")
        #expect(error.contains("no cable"), "\(error)")
        let why = try kade.check("why", "web")
        #expect(why.contains("was killed") && why.contains("no cable"), "\(why)")
        // It cannot start over what its last run has left.
        let start = try kade("start", "web")
        #expect(start.exitCode != 0 && start.errors.contains("kade rm -f web"), "\(start.errors)")
        try writePlugin("last", "")
        try kade.check("start", "web")
        try kade.check("rm", "-f", "web")
    }

    @Test func `a program that cannot be found is told beside a plugin that refuses`() throws {
        try writeRefusing("DEL")
        try write("front", "last")
        let outcome = try kade("run", "--name", "web", "--network", "front", "busybox", "/no/such")
        #expect(outcome.exitCode == 127)
        let error = try kade.inspect("web", "{{.State.Error}}")
        #expect(error.contains("/no/such") && error.contains("no cable"), "\(error)")
        try kade.check("rm", "-f", "web")
    }

    @Test func `after a connection that could not be taken back another try works`() throws {
        try writePlugin("last", "echo '{\"code\": 100, \"msg\": \"no cable\"}'; exit 1")
        try write("front", "first", "last")
        try kade.check("network", "create", "--subnet", "10.63.0.0/24", "own")
        try start("web", "--network", "own")
        let failed = try kade("network", "connect", "front", "web")
        #expect(failed.exitCode != 0)
        #expect(failed.errors.contains("it cannot be taken back"), "\(failed.errors)")
        let again = try kade("network", "connect", "front", "web")
        #expect(again.errors.contains("an earlier attempt has failed"), "\(again.errors)")
        try writePlugin("last", "")
        _ = try calls()
        try kade.check("network", "connect", "front", "web")
        #expect(
            try calls() == [
                "last DEL eth1", "first DEL eth1", "first ADD eth1", "last ADD eth1",
            ])
        try kade.check("rm", "-f", "web")
        #expect(try kade.leftovers().isEmpty)
    }

    @Test func `a monitor that is killed takes the plugin with it that it waits for`() throws {
        try writePlugin(
            "last", "[ $CNI_COMMAND != ADD ] || { echo $$ > \(folder.path)/pid; exec sleep 600; }")
        try write("front", "last")
        let run = try kade.start(
            "run", "-d", "--name", "web", "--network", "front", "busybox", "true")
        try kade.wait { FileManager.default.fileExists(atPath: folder.at("pid")) }
        try kade.wait {
            try String(contentsOfFile: folder.at("pid"), encoding: .utf8).hasSuffix("\n")
        }
        let pid = try String(contentsOfFile: folder.at("pid"), encoding: .utf8)
            .trimmingCharacters(in: .newlines)
        let monitor = try Tool.check("ps", "-o", "ppid=", "-p", pid)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        kill(try #require(pid_t(monitor)), SIGKILL)
        #expect(try run.wait().exitCode != 0)
        try kade.wait {
            let state = try Tool.run("ps", "-o", "stat=", "-p", pid)
            return state.exitCode != 0 || state.output.hasPrefix("Z")
        }
        try writePlugin("last", "")
        try kade.check("rm", "-f", "web")
    }

    @Test func `disconnect -f goes past a plugin that refuses, and says what may be left`() throws {
        try writeRefusing("DEL")
        try write("front", "first", "last")
        try kade.check("network", "create", "--subnet", "10.63.0.0/24", "own")
        try start("web", "--network", "own")
        try kade.check("network", "connect", "front", "web")
        _ = try calls()
        let refused = try kade("network", "disconnect", "front", "web")
        #expect(refused.exitCode == 1 && refused.errors.contains("no cable"), "\(refused)")
        #expect(try kade.check("inspect", "-f", "{{len .NetworkSettings.Networks}}", "web") == "2")
        let forced = try kade("network", "disconnect", "-f", "front", "web")
        #expect(forced.exitCode == 0 && forced.errors.contains("no cable"), "\(forced)")
        #expect(try calls().last == "first DEL eth1")
        #expect(try kade.check("inspect", "-f", "{{len .NetworkSettings.Networks}}", "web") == "1")
        // It is as if it had never been there.
        try writePlugin("last", "")
        try kade.check("network", "connect", "front", "web")
        try writeRefusing("DEL")
        try kade.check("stop", "-t", "0", "web")
        let stopped = try kade("network", "disconnect", "-f", "front", "web")
        #expect(stopped.exitCode == 0 && stopped.errors.contains("no cable"), "\(stopped)")
        #expect(try kade("rm", "web").exitCode == 0)
    }

    @Test func `what a killed build leaves is not asked about by each command`() throws {
        try writeRefusing("DEL")
        try write("front", "last")
        try start("web", "--network", "front")
        // A directory without a row, as a killed build leaves it.
        let id = try kade.inspect("web", "{{.Id}}")
        try Tool.check("cp", "-r", kade.root + "/containers/\(id)", folder.at("kept"))
        try kade.check("rm", "-f", "web")
        try kade.wait { try kade.leftovers().isEmpty }
        try Tool.check("cp", "-r", folder.at("kept"), kade.root + "/containers/\(id)")
        _ = try calls()
        for _ in 0..<3 { try kade.check("ps") }
        #expect(try calls() == ["last DEL eth0"])
        let mark = kade.root + "/containers/\(id)/cni.refused"
        #expect(try String(contentsOfFile: mark, encoding: .utf8).contains("no cable"))
        // After an hour, and when the plugin has come to its senses.
        try Tool.check("touch", "-d", "2 hours ago", mark)
        try writePlugin("last", "")
        try kade.check("ps")
        #expect(try calls() == ["last DEL eth0"])
        #expect(!FileManager.default.fileExists(atPath: kade.root + "/containers/\(id)"))
    }

    @Test func `plugins of version 1_1 are asked whether they can, and who is there`() throws {
        try writePlugin(
            "last",
            """
            cat > \(folder.path)/$CNI_COMMAND.in
            if [ $CNI_COMMAND = STATUS ] && [ -e \(folder.path)/down ]; then
                echo '{"cniVersion": "1.1.0", "code": 50, "msg": "no uplink"}'; exit 1
            fi
            """)
        try folder.write(
            #"{"cniVersion": "1.1.0", "name": "new", "plugins": [{"type": "last"}]}"#,
            to: "net.d/new.conflist")
        try write("old", "first")
        try start("web", "--network", "new")
        #expect(try calls() == ["last STATUS ", "last ADD eth0"])
        try folder.write("", to: "down")
        let refused = try kade("run", "--rm", "--network", "new", "busybox", "true")
        #expect(refused.exitCode == 125 && refused.errors.contains("no uplink"), "\(refused)")
        #expect(try !calls().contains { $0.contains("ADD") })
        let id = try kade.inspect("web", "{{.Id}}")
        try kade.check("network", "prune", "-f")
        #expect(try calls() == ["last GC "])
        let input = try folder.text("GC.in")
        #expect(input.contains("\"cni.dev/valid-attachments\""), "\(input)")
        #expect(input.contains("{\"containerID\":\"\(id)\",\"ifname\":\"eth0\"}"), "\(input)")
        try kade.check("network", "prune", "-f", "--filter", "label=x")
        #expect(try calls().isEmpty)
        try folder.write(
            #"""
            {"cniVersion": "1.1.0", "name": "new", "disableGC": true,
             "plugins": [{"type": "last"}]}
            """#, to: "net.d/new.conflist")
        try kade.check("network", "prune", "-f")
        #expect(try calls().isEmpty)
        try kade.check("rm", "-f", "web")
    }

    @Test func `plugins are asked to clean up after a boot, too`() throws {
        try writePlugin("last", "")
        try folder.write(
            #"{"cniVersion": "1.1.0", "name": "new", "plugins": [{"type": "last"}]}"#,
            to: "net.d/new.conflist")
        // No container has been started since, and so there is no run root.
        try Tool.check("rm", "-rf", kade.runRoot)
        let pruned = try kade("network", "prune", "-f")
        #expect(pruned.exitCode == 0, "\(pruned)")
        #expect(try calls() == ["last GC "])
    }

    @Test func `what a user adds of the container's own name stays`() throws {
        try writePlugin("last", "")
        try write("front", "last")
        try start("web", "--network", "front", "--hostname", "web", "--add-host", "web:192.0.2.9")
        let lines = try kade.check("exec", "web", "cat", "/etc/hosts").split(separator: "\n")
        #expect(lines.filter { $0.hasSuffix("\tweb") } == ["10.65.0.5\tweb", "192.0.2.9\tweb"])
        try kade.check("rm", "-f", "web")
    }
}
