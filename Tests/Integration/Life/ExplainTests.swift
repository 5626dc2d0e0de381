import Foundation
import Testing

/// `kade explain CONTAINER`: what was asked for beside what the kernel says, each with its reason.
@Suite(.enabled(if: isRoot)) struct ExplainTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// Limits of cgroups, of which users have none here: theirs are of version 1.
    private static let limits =
        Kade.isOrdinary ? [] : ["-m", "64m", "--cpus", "0.5", "--pids-limit", "50"]

    /// A line of a section.
    struct Line {
        let name: String
        let declared: String?
        let effective: String?
        let why: String
        let origin: String
        let command: String
    }

    /// The lines of all sections by their names.
    static func explain(
        _ container: String, by kade: Kade, _ flags: String...
    ) throws -> [String: [Line]] {
        let outcome = try kade.call(["explain", "--json"] + flags + [container])
        try #require(outcome.exitCode == 0, "\(outcome)")
        let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        let page = try #require(json as? [String: Any])
        var sections: [String: [Line]] = [:]
        for section in try #require(page["sections"] as? [[String: Any]]) {
            let name = try #require(section["name"] as? String)
            sections[name] = try #require(section["lines"] as? [[String: String]]).map { line in
                Line(
                    name: try #require(line["name"]), declared: line["declared"],
                    effective: line["effective"], why: try #require(line["why"]),
                    origin: try #require(line["origin"]),
                    command: try #require(line["command"]))
            }
        }
        return sections
    }

    /// The text of a file of a container's first process.
    private func proc(_ container: String, _ file: String) throws -> String {
        let pid = try kade.inspect(container, "{{.State.Pid}}")
        return try Tool.check("cat", "/proc/\(pid)/\(file)")
    }

    @Test func `every line has a reason, an origin and a command that works`() throws {
        let namespace = try NetworkNamespace.machine()
        let kade = try Kade.withBusybox(in: namespace)
        let run = try kade.call(
            ["run", "-d", "--name", "web"] + Self.limits + [
                "-p", "8080:80", "-v", "data:/data", "--tmpfs", "/t", "-v", "/etc/hostname:/h:ro",
                "--device", "/dev/fuse", "--cap-add", "SYS_TIME", "--cap-drop", "MKNOD",
                "--ulimit", "nofile=500:600", "-e", "COLOUR=blue", "--hostname", "harbour",
                "busybox", "sleep", "600",
            ])
        try #require(run.exitCode == 0, "\(run)")
        let sections = try Self.explain("web", by: kade)
        #expect(sections.count == 13)
        // The commands of a container that runs look, and change nothing of the machine's.
        let name = try Tool.check("uname", "-n")
        for (topic, lines) in sections {
            // A user's devices are among the mounts.
            #expect(!lines.isEmpty || Kade.isOrdinary && topic == "devices", "\(topic)")
            for line in lines {
                #expect(!line.why.isEmpty && !line.origin.isEmpty, "\(topic) \(line.name)")
                guard !line.command.hasPrefix("kade ") else { continue }
                // Whose limits may be seen decides the kernel by the user, not by what root may.
                let user = topic == "limits" ? kade.entry : []
                let outcome = try Tool.start(namespace.entry + user + ["sh", "-c", line.command])
                    .wait()
                #expect(
                    outcome.exitCode == 0,
                    "\(topic) \(line.name): \(line.command): \(outcome.errors)")
                if line.name == "host name" { #expect(outcome.output == "harbour\n") }
            }
        }
        #expect(try Tool.check("uname", "-n") == name)
    }

    @Test func `a directory in the image's place has no layers`() throws {
        let root = kade.folder.at("tree")
        try kade.check("create", "--name", "source", "busybox", "true")
        try kade.check("export", "-o", kade.folder.at("tree.tar"), "source")
        try kade.tool("mkdir", root)
        try kade.tool("tar", "-C", root, "-xf", kade.folder.at("tree.tar"))
        for (text, names) in [(root, ["directory"]), (root + ":O", ["directory", "own layer"])] {
            for command in [["create"], ["run", "-d"]] {
                try kade.call(
                    command + ["--name", "one", "--rootfs", text, "sleep", "600"])
                let lines = try #require(
                    try Self.explain("one", by: kade, "--only", "image")["image"])
                #expect(lines.map(\.name) == names)
                #expect(lines.first?.declared == root)
                #expect(lines.first?.origin == "--rootfs \(text)")
                #expect(try kade.call(["explain", "one"]).exitCode == 0)
                try kade.check("rm", "-f", "one")
            }
        }
    }

    @Test func `namespaces are the kernel's, and say who shares them`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--ipc", "shareable", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "two", "--ipc", "container:one", "--uts", "host", "busybox",
            "sleep", "600")
        let lines = try #require(try Self.explain("one", by: kade)["namespaces"])
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        for line in lines {
            let file = ["mount": "mnt", "network": "net"][line.name] ?? line.name
            let link = try Tool.check("readlink", "/proc/\(pid)/ns/\(file)")
                .trimmingCharacters(in: .newlines)
            #expect(line.effective?.hasPrefix(link) == true, "\(line)")
        }
        let byName = Dictionary(uniqueKeysWithValues: lines.map { ($0.name, $0) })
        #expect(byName["ipc"]?.effective?.hasSuffix("shared with two") == true)
        #expect(byName["ipc"]?.origin == "--ipc shareable")
        #expect(byName["pid"]?.effective?.hasSuffix("its own alone") == true)
        #expect(
            byName["user"]?.effective?.hasSuffix(Kade.isOrdinary ? "the user's" : "the machine's")
                == true, "\(lines)")
        let other = try #require(try Self.explain("two", by: kade)["namespaces"])
        let names = Dictionary(uniqueKeysWithValues: other.map { ($0.name, $0) })
        #expect(names["uts"]?.declared == "the machine's")
        #expect(names["uts"]?.effective?.hasSuffix("the machine's") == true)
        #expect(names["uts"]?.origin == "--uts host")
        #expect(names["ipc"]?.declared?.hasPrefix("joins /proc/") == true)
        #expect(names["ipc"]?.effective?.hasSuffix("shared with one") == true)
        // Others are called by their names.
        #expect(names["ipc"]?.origin == "--ipc container:one")
        try kade.check(
            "create", "--name", "three", "--network", "container:one", "busybox", "true")
        let three = try Self.explain("three", by: kade)
        #expect(three["network"]?.first?.declared == "the network of container one")
        #expect(three["network"]?.first?.origin == "--network container:one")
    }

    @Test(.cgroupsOfRoot) func `limits are what the cgroup has now, not what was asked`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "-m", "64m", "--pids-limit", "50", "busybox", "sleep",
            "600")
        let name = try #require(
            try Self.explain("one", by: kade, "--only", "cgroup")["cgroup"]?.first {
                $0.origin.hasPrefix("--memory 67108864")
            })
        #expect(name.declared == "67108864")
        #expect(name.effective == "67108864")
        let file = try #require(name.command.split(separator: " ").last)
        try Tool.check("sh", "-c", "echo 33554432 > \(file)")
        let changed = try #require(
            try Self.explain("one", by: kade)["cgroup"]?.first { $0.name == name.name })
        #expect(changed.declared == "67108864")
        #expect(changed.effective == "33554432")
        let page = try kade.check("explain", "--only", "cgroup", "one")
        #expect(page.contains("33554432  [asked: 67108864]"))
        let lines = try #require(try Self.explain("one", by: kade)["cgroup"])
        for wanted in ["pids.max", "memory in use", "memory at most", "processes"] {
            #expect(lines.contains { $0.name == wanted }, "\(wanted)")
        }
        #expect(lines.contains { $0.name.contains("pressure") })
    }

    @Test(.cgroupsOfRoot) func `without a limit the cgroup's own is told, whoever has set it`()
        throws
    {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        func line(_ flag: String) throws -> Line {
            try #require(
                try Self.explain("one", by: kade)["cgroup"]?
                    .first { $0.origin == "default (\(flag))" }, "\(flag)")
        }
        for flag in ["--memory", "--cpus", "--pids-limit"] {
            #expect(try line(flag).declared == nil)
            #expect(try line(flag).effective?.hasSuffix(" (no limit)") == true, "\(flag)")
        }
        let file = try #require(try line("--memory").command.split(separator: " ").last)
        try Tool.check("sh", "-c", "echo 67108864 > \(file)")
        #expect(try line("--memory").effective == "67108864")
        // Whose places say nothing are passed over.
        #expect(
            try Self.explain("one", by: kade)["cgroup"]?.first?.effective
                == "/kade/\(try kade.inspect("one", "{{.Id}}"))")
        try kade.check("create", "--name", "new", "busybox", "true")
        let new = try Self.explain("new", by: kade)
        #expect(new["cgroup"]?.filter { $0.declared == "no limit" }.count == 3)
        // What it would take to do the same by hand is what would work.
        for line in try #require(new["mounts"]) where line.declared == "hidden" {
            let kind = try Tool.run("test", "-d", line.name).exitCode == 0 ? "tmpfs" : "/dev/null"
            #expect(line.command.contains(kind), "\(line)")
        }
        let state = try #require(new["state"]?.first { $0.name == "state" })
        #expect(state.command == "kade inspect -f '{{.State.Status}}' new")
        #expect(new["limits"]?.map(\.name) == ["all"])
    }

    @Test func `mounts are all of the container's, with their reasons`() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "file")
        try kade.check(
            "run", "-d", "--name", "one", "-v", "\(folder.path):/data:ro", "--tmpfs", "/t",
            "--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", "busybox", "sh",
            "-c", "mount -t tmpfs own /tmp && umount /t && exec sleep 600")
        try kade.wait { try kade("exec", "one", "mount").output.contains("own on /tmp") }
        let lines = try #require(try Self.explain("one", by: kade)["mounts"])
        let kernel = try proc("one", "mountinfo").split(separator: "\n").count
        #expect(lines.count == kernel + 1)  // and the one that was unmounted
        func line(_ name: String) throws -> Line {
            try #require(lines.first { $0.name == name })
        }
        #expect(try line("/").origin == "image busybox")
        #expect(try line("/data").origin == "--volume \(folder.path):/data:ro")
        #expect(try line("/data").effective?.contains("ro") == true)
        #expect(try line("/t").effective?.hasPrefix("not mounted") == true)
        #expect(try line("/tmp").origin == "not Kade")
        #expect(lines.contains { $0.name.hasPrefix("/proc/") && $0.why.hasPrefix("hidden") })
        #expect(try line("/proc/sys").why.hasPrefix("read-only"))
    }

    @Test func `capabilities are told one by one`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--cap-add", "SYS_TIME", "--cap-drop", "CHOWN",
            "busybox", "sleep", "600")
        let lines = try #require(try Self.explain("one", by: kade)["capabilities"])
        let status = try proc("one", "status")
        let hexadecimal = try #require(
            status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }?.split(separator: "\t")
                .last)
        let bits = try #require(UInt64(hexadecimal, radix: 16))
        let effective = lines.filter { $0.effective?.hasPrefix("effective") == true }
        #expect(effective.count == bits.nonzeroBitCount)
        let byName = Dictionary(uniqueKeysWithValues: lines.map { ($0.name, $0) })
        #expect(byName["CAP_SYS_TIME"]?.origin == "--cap-add SYS_TIME")
        #expect(byName["CAP_SYS_TIME"]?.why == "set the machine's clock")
        #expect(byName["CAP_CHOWN"]?.effective == "none")
        #expect(byName["CAP_CHOWN"]?.origin == "--cap-drop CHOWN")
        #expect(byName["CAP_KILL"]?.origin == "default")
    }

    @Test func `what is denied is denied, and what depends on arguments says so`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "open", "--security-opt", "seccomp=unconfined", "busybox",
            "sleep", "600")
        let lines = try #require(try Self.explain("one", by: kade)["seccomp"])
        func calls(_ name: String) -> [Substring] {
            lines.first { $0.name.hasPrefix(name) }?.declared?.split(separator: " ") ?? []
        }
        #expect(lines.first?.effective?.hasPrefix("a filter") == true)
        for call in ["mount", "kexec_load", "init_module"] {
            #expect(calls("denied").contains { $0 == call }, "\(call)")
        }
        #expect(!calls("denied").contains("read"))
        #expect(calls("arguments decide").contains("personality"))
        // What the page says is what happens.
        #expect(try kade("exec", "one", "mount", "-t", "tmpfs", "x", "/tmp").exitCode != 0)
        let open = try #require(try Self.explain("open", by: kade)["seccomp"])
        #expect(open.count == 1)
        #expect(open.first?.effective == "none")
        #expect(open.first?.origin == "--security-opt seccomp=unconfined")
    }

    @Test func `users, limits, devices and the process say who set them`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "-u", "1000:1001", "--group-add", "audio", "--ulimit",
            "nofile=500:600", "--device", "/dev/fuse:/dev/f:r", "-e", "COLOUR=blue", "-w", "/tmp",
            "--oom-score-adj", "300", "busybox", "sleep", "600")
        let sections = try Self.explain("one", by: kade)
        func line(_ topic: String, _ name: String) throws -> Line {
            try #require(sections[topic]?.first { $0.name == name }, "\(topic) \(name)")
        }
        #expect(try line("users", "user").effective?.hasPrefix("1000 1000 1000 1000") == true)
        #expect(try line("users", "user").origin == "--user 1000:1001")
        #expect(try line("users", "groups").origin == "--group-add audio")
        if !Kade.isOrdinary {
            #expect(try line("users", "uid_map").effective?.contains("everybody") == true)
        }
        #expect(try line("limits", "nofile").effective == "500 (at most 600)")
        #expect(try line("limits", "nofile").origin == "--ulimit nofile=500:600")
        #expect(try line("limits", "core").origin.hasPrefix("inherited"))
        if !Kade.isOrdinary {  // a user's devices are among the mounts
            #expect(try line("devices", "/dev/f").effective == "c 10:229")
            #expect(try line("devices", "/dev/f").origin == "--device /dev/fuse:/dev/f:r")
            #expect(sections["devices"]?.contains { $0.name == "c 10:229 r" } == true)
        }
        #expect(try line("process", "$COLOUR").origin == "--env COLOUR")
        #expect(try line("process", "directory").origin == "--workdir /tmp")
        #expect(try line("process", "command").effective == "sleep 600")
        #expect(try line("process", "oom_score_adj").effective == "300")
        #expect(try line("security", "no_new_privs").effective == "no")
    }

    @Test func `what the image says is told from what a flag says`() throws {
        try kade.check(
            "import", "--change", "ENV COLOUR=red", "--change", "USER 1000", "--change",
            "CMD [\"sleep\",\"600\"]", "--change", "VOLUME /var/lib/x", "--change",
            "WORKDIR /home/ann", try Kade.busyboxArchive.get(), "mine:1")
        try kade.check("run", "-d", "--name", "one", "-e", "SHAPE=round", "mine:1")
        let sections = try Self.explain("one", by: kade)
        func origin(_ topic: String, _ name: String) throws -> String {
            try #require(sections[topic]?.first { $0.name == name }, "\(topic) \(name)").origin
        }
        #expect(try origin("process", "$COLOUR") == "image field Env")
        #expect(try origin("process", "$SHAPE") == "--env SHAPE")
        #expect(try origin("process", "command") == "image field Cmd")
        #expect(try origin("process", "directory") == "image field WorkingDir: /home/ann")
        #expect(try origin("users", "user") == "image field User: 1000")
        #expect(try origin("mounts", "/var/lib/x") == "image field Volumes: /var/lib/x")
        // The same layer: of another image, and of another container.
        try kade.check("create", "--name", "two", "busybox", "true")
        let layer = try #require(sections["image"]?.first { $0.name == "layer 1" })
        #expect(layer.effective?.contains("image busybox:latest") == true, "\(layer)")
        let again = try #require(
            try Self.explain("one", by: kade)["image"]?.first { $0.name == "layer 1" })
        #expect(again.effective?.contains("container two") == true, "\(again)")
    }

    @Test(.cgroupsOfRoot) func `a container that does not run has its declared state`() throws {
        try kade.check(
            "create", "--name", "new", "-m", "64m", "-v", "/etc:/e", "--cap-drop", "ALL", "busybox",
            "true")
        try kade.check("run", "--name", "old", "-m", "64m", "busybox", "true")
        for name in ["new", "old"] {
            let sections = try Self.explain(name, by: kade)
            let memory = try #require(
                sections["cgroup"]?.first { $0.origin.hasPrefix("--memory 67108864") })
            #expect(memory.declared == "67108864")
            #expect(memory.effective == nil)
            #expect(memory.command.hasPrefix("echo 67108864 > "))
            #expect(sections["namespaces"]?.allSatisfy { $0.effective == nil } == true)
            #expect(sections["mounts"]?.contains { $0.name == "/proc" } == true)
        }
        let new = try Self.explain("new", by: kade)
        #expect(new["mounts"]?.first { $0.name == "/e" }?.origin == "--volume /etc:/e")
        #expect(
            new["capabilities"]?.first { $0.name == "CAP_KILL" }?.origin == "--cap-drop ALL")
        // It was only looked at.
        #expect(try kade.inspect("new", "{{.State.Status}}") == "created")
        #expect(
            !FileManager.default.fileExists(
                atPath: "\(kade.root)/containers/\(try kade.inspect("new", "{{.Id}}"))/config.json")
        )
    }

    @Test func `sections are chosen, watched, and wrong ones refused`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        let page = try kade.check("explain", "--only", "limits,state", "one")
        #expect(page.split(separator: "\n").filter { $0.hasPrefix("==") }.count == 2)
        let wrong = try kade("explain", "--only", "nothing", "one")
        #expect(wrong.exitCode != 0)
        #expect(wrong.errors.contains("namespaces, users, cgroup"))
        #expect(try kade("explain", "--steps", "--only", "state", "one").exitCode != 0)
        let steps = try #require(try Self.explain("one", by: kade, "--only", "steps")["steps"])
        #expect(steps.count > 20)
        #expect(steps.contains { $0.command.contains("pivot_root") })
        let watching = try kade.start("explain", "--watch", "--only", "state", "one")
        try kade.wait {
            watching.output.components(separatedBy: "== State").count > 2
        }
        try kade.check("rm", "-f", "one")
        _ = try watching.wait()
    }

    @Test func `two containers are compared by what was asked for`() throws {
        for name in ["one", "two"] {
            try kade.check(
                "run", "-d", "--name", name, "-v", "/etc:/e", "busybox", "sleep", "600")
        }
        let three = try kade.call(
            ["create", "--name", "three"] + Self.limits + [
                "-e", "COLOUR=blue", "--pid", "host", "--cap-drop", "KILL", "busybox", "sleep",
                "600",
            ])
        try #require(three.exitCode == 0, "\(three)")
        #expect(
            try kade.check("explain", "--diff", "one", "two")
                == "one and two were asked for alike.")
        let lines = try kade("explain", "--diff", "--json", "one", "three").lines
        let differences = try lines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        func difference(_ name: String) throws -> [String: Any] {
            try #require(differences.first { $0["name"] as? String == name }, "\(name)")
        }
        let colour = try difference("$COLOUR")
        #expect(colour["first"] == nil)
        #expect((colour["second"] as? [String: String])?["origin"] == "--env COLOUR")
        #expect((try difference("pid")["second"] as? [String: String])?["origin"] == "--pid host")
        #expect(try difference("CAP_KILL")["section"] as? String == "capabilities")
        #expect(try difference("/e")["second"] == nil)
        #expect(
            differences.contains { $0["section"] as? String == "cgroup" } == !Kade.isOrdinary)
        let text = try kade.check("explain", "--diff", "--only", "process", "one", "three")
        #expect(text.hasPrefix("one and three differ in 1 thing.\n"), "\(text)")
        #expect(try kade("explain", "--diff", "one").exitCode != 0)
        #expect(try kade("explain", "one", "two").exitCode != 0)
    }
}
