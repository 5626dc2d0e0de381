import Foundation
import Testing

/// `--plan`: a command says what it would do, and does nothing.
@Suite(.enabled(if: isRoot)) struct PlanTests {
    /// One row of a plan, or of what was recorded.
    private struct Step: Equatable, CustomStringConvertible {
        let actor: String
        let shell: String

        var description: String { "\(actor): \(shell)" }
    }

    /// The rows of a table of steps; columns are apart by three blanks at least.
    private static func plan(_ text: String) -> [Step] {
        text.split(separator: "\n").dropFirst().map { line in
            let fields = line.components(separatedBy: "   ").filter { !$0.isEmpty }
                .map { $0.trimmingCharacters(in: .whitespaces) }
            return Step(actor: fields[1], shell: fields[2])
        }
    }

    private static func recorded(of container: String, by kade: Kade) throws -> [Step] {
        try kade.check("explain", "--steps", "--json", container).split(separator: "\n").map {
            line in
            let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let object = try #require(json as? [String: Any])
            return Step(
                actor: try #require(object["actor"] as? String),
                shell: try #require(object["shell"] as? String))
        }
    }

    /// The steps without what is another one with each container: IDs, numbers of descriptors and
    /// processes, and names that are drawn.
    private static func comparable(_ steps: [Step]) -> [Step] {
        steps.filter { $0.actor != "engine" }.map { step in
            var shell = step.shell
            for (pattern, word) in [
                ("[0-9a-f]{64}", "ID"), ("[0-9a-f]{12}", "SHORT"), ("veth[0-9a-f]+", "veth"),
                ("/proc/[^ ]*/ns/[a-z]+", "NS"), ("/proc/[a-z0-9]+/fd/[0-9]+", "NS"),
                ("([<>])&[0-9]+", "$1&N"), ("  +", " "),
            ] {
                shell = shell.replacingOccurrences(
                    of: pattern, with: word, options: .regularExpression)
            }
            return Step(actor: step.actor, shell: shell)
        }
    }

    /// Limits, which ordinary users have with cgroups of version 2 alone.
    private static let limits =
        Kade.isOrdinary ? [] : [["-m", "64m", "--cpus", "0.5", "--pids-limit", "9"]]

    private static let flags =
        limits + [
            [], ["-v", "named:/etc", "--tmpfs", "/t"],
            ["--read-only", "--cap-drop", "all", "-u", "1000"], ["--privileged"],
            ["--network", "host", "--pid", "host"], ["-t"],
        ]

    @Test(arguments: flags)
    func `a plan has the steps that a run then records`(flags: [String]) throws {
        let kade = try Kade.withBusybox()
        let run = flags + ["--name", "one", "busybox", "true"]
        let plan = try kade.call(["run", "--plan"] + run)
        #expect(plan.exitCode == 0, "\(plan)")
        #expect(try kade.check("ps", "-aq").isEmpty)
        #expect(try kade.call(["run"] + run).exitCode == 0)
        let planned = Self.comparable(Self.plan(plan.output))
        let recorded = Self.comparable(try Self.recorded(of: "one", by: kade))
        // They work side by side: each one's order is sure, not that between them.
        let mounts = recorded.filter { $0.actor == "monitor" }
        #expect(!mounts.isEmpty && mounts == planned.filter { $0.actor == "monitor" })
        for actor in ["runtime", "init"] {
            let (left, right) = (
                planned.filter { $0.actor == actor }, recorded.filter { $0.actor == actor }
            )
            #expect(left.count > 3)
            #expect(left == right, "\(left.difference(from: right))")
        }
    }

    @Test func `a plan of logs fails as logs do, and shows none`() throws {
        let kade = try Kade.withBusybox()
        for flags in [[], ["--plan"], ["--plan", "-f"]] {
            let none = try kade.call(["logs"] + flags + ["nobody"])
            #expect(none.exitCode == 1, "\(none)")
            #expect(none.errors.contains("nobody"), "\(none)")
        }
        try kade.check("run", "--name", "none", "--log-driver", "none", "busybox", "true")
        let refused = try kade("logs", "none")
        let planned = try kade("logs", "--plan", "none")
        #expect(planned.exitCode == refused.exitCode && planned.errors == refused.errors)
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c", "echo x; echo y >&2; sleep 600")
        try kade.wait { try kade.check("logs", "one") == "x" }
        let shown = try kade("logs", "--plan", "-f", "one")
        #expect(shown.exitCode == 0 && shown.output == "nothing to do\n", "\(shown)")
        #expect(shown.errors.isEmpty)
    }

    @Test func `explain before a command is its plan`() throws {
        let kade = try Kade.withBusybox()
        for command in [
            ["create", "--name", "one", "-m", "64m", "busybox", "true"],
            ["container", "create", "--name", "one", "busybox", "sh", "-c", "true --plan"],
            ["volume", "create", "data"], ["container", "prune"], ["rm", "nobody"],
        ] {
            let words = command[0] == "container" || command[0] == "volume" ? 2 : 1
            let plan = try kade.call(
                Array(command.prefix(words)) + ["--plan"] + Array(command.dropFirst(words)))
            let explained = try kade.call(["explain"] + command)
            #expect(explained.exitCode == plan.exitCode, "\(explained)")
            #expect(explained.errors == plan.errors)
            let (left, right) = (Self.plan(explained.output), Self.plan(plan.output))
            #expect(left.map(\.actor) == right.map(\.actor))
            #expect(Self.comparable(left) == Self.comparable(right))
        }
        #expect(try kade.check("ps", "-aq").isEmpty)
        // A container may be called as a command.
        try kade.check("create", "--name", "stop", "busybox", "true")
        #expect(try kade.check("explain", "stop").hasPrefix("stop ("))
        #expect(try kade.check("explain", "--only", "state", "stop").hasPrefix("stop ("))
        let none = try kade("explain", "ps", "-a")
        #expect(none.exitCode == 1)
        #expect(none.errors.contains("cannot explain what kade ps would do"), "\(none)")
    }

    @Test func `so has that of a container on a network`() throws {
        let namespace = try NetworkNamespace.machine()
        let kade = try Kade.withBusybox(in: namespace)
        try kade.check("network", "create", "net")
        let run = ["--network", "net", "-p", "8080:80", "--name", "one", "busybox", "true"]
        let before = try namespace.check("ip -o link; nft list ruleset")
        let plan = try kade.call(["run", "--plan"] + run)
        #expect(try namespace.check("ip -o link; nft list ruleset") == before)
        #expect(try kade.call(["run"] + run).exitCode == 0)
        let planned = Self.comparable(Self.plan(plan.output)).filter { $0.actor == "monitor" }
        let recorded = Self.comparable(try Self.recorded(of: "one", by: kade))
            .filter { $0.actor == "monitor" }
        #expect(recorded.count >= 5)
        for step in recorded { #expect(planned.contains(step), "\(step) of \(planned)") }
    }

    /// Everything below the roots, with contents; SQLite's shared memory is no content.
    private func tree(of kade: Kade) throws -> String {
        try Tool.check(
            "sh", "-c",
            """
            cd "$1"
            find data run -printf '%p %y %m %s %T@ %l\\n' | grep -v -e -shm | sort
            find data run -name layers -prune -o -type f -print0 | grep -zv -e -shm | sort -z \\
                | xargs -0 sha256sum
            """, "sh", kade.folder.path)
    }

    static let commands = [
        "create --name new -v /anonymous -v fresh:/etc busybox true",
        "run -d --rm --name new -v /nowhere/at/all:/x -p 1234:80 --network host busybox true",
        "run --rm --name new host true", "start stopped", "stop running", "stop -t 3 running",
        "restart running", "kill running", "kill -s HUP running", "pause running",
        "unpause frozen", "rm -v stopped", "rm -f running", "rename running other",
        "update -m 64m --memory-swap 64m --restart always running", "container prune",
        "volume create new", "volume rm unused", "volume prune -a", "secret rm hidden",
        "secret create new /etc/hostname", "tag busybox new:1", "untag busybox",
        "rmi -f busybox", "rmi unused:1", "pull localhost:1/new:1", "push localhost:1/new:1",
        "load -i /etc/hostname", "import /etc/hostname new:1", "image prune -a",
        "image mount busybox", "manifest create new busybox", "manifest rm list",
        "builder prune", "system prune -a --volumes", "commit running new:1",
        "exec running true", "exec -t -u 1000 running true", "logs --truncate running",
        "cp running:/etc/hosts new", "cp /etc/hostname running:/tmp",
        "cp /etc/hostname stopped:/x/new", "cp stopped:/bin new", "login -u a -p b localhost:1",
        "logout localhost:1",
    ]

    /// What ordinary users have elsewhere, if at all: cgroups, the machine's files as an image, and
    /// images mounted for all.
    private static let commandsOfRoot: Set = [
        "run --rm --name new host true", "pause running", "unpause frozen",
        "update -m 64m --memory-swap 64m --restart always running", "image mount busybox",
    ]

    @Test func `a plan changes nothing`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "stopped", "-v", "/x", "busybox", "true")
        try kade.check("run", "-d", "--name", "running", "busybox", "sleep", "1000")
        try kade.check("run", "-d", "--name", "frozen", "busybox", "sleep", "1000")
        if !Kade.isOrdinary { try kade.check("pause", "frozen") }
        try kade.check("volume", "create", "unused")
        try kade.check("secret", "create", "hidden", "/etc/hostname")
        try kade.check("import", "-c", "ENV unused=1", try Kade.busyboxArchive.get(), "unused:1")
        try kade.check("manifest", "create", "list", "busybox")
        try kade.wait { try kade.processes().allSatisfy { !$0.value.contains(Data("flush".utf8)) } }
        let before = try tree(of: kade)
        for command in Self.commands
        where !Kade.isOrdinary || !Self.commandsOfRoot.contains(command) {
            var words = command.split(separator: " ").map(String.init)
            let groups: Set = [
                "builder", "container", "image", "manifest", "secret", "system", "volume",
            ]
            let group = groups.contains(words[0]) ? 2 : 1
            words.insert("--plan", at: group)
            let outcome = try kade.call(words)
            #expect(outcome.exitCode == 0, "\(command): \(outcome)")
            // No build has left anything.
            let head = command == "builder prune" ? "nothing to do\n" : "#"
            #expect(outcome.output.hasPrefix(head), "\(command): \(outcome)")
            #expect(try tree(of: kade) == before, "\(command)")
        }
        #expect(!FileManager.default.fileExists(atPath: "/nowhere"))
        #expect(!FileManager.default.fileExists(atPath: "new"))
        #expect(try kade.inspect("running", "{{.State.Status}}") == "running")
    }

    @Test(arguments: [
        "rmi unused:1", "rmi -f base", "image prune -f -a", "builder prune -f",
        "system prune -f -a",
    ])
    func `what would be removed is removed, and nothing else`(command: String) throws {
        let site = try BuildSite("FROM base\nRUN echo built > /built\n")
        let kade = site.kade
        try site.check()
        try kade.check("import", "-c", "ENV unused=1", try Kade.busyboxArchive.get(), "unused:1")
        try kade.check("create", "unused:1", "true")
        if command != "system prune -f -a" { try kade.check("container", "prune", "-f") }
        try kade.wait { try kade.processes().allSatisfy { !$0.value.contains(Data("flush".utf8)) } }
        var words = command.split(separator: " ").map(String.init)
        try kade.check("tag", "base", "again:1")
        let before = try parts(of: kade)
        words.insert("--plan", at: words[0] == "rmi" ? 1 : 2)
        let plan = Self.plan(try kade.call(words).output).map(\.shell)
        #expect(try parts(of: kade) == before)
        let outcome = try kade.call(words.filter { $0 != "--plan" })
        #expect(outcome.exitCode == 0, "\(outcome)")
        let removed = before.subtracting(try parts(of: kade))
        #expect(removed.isEmpty == (command == "rmi -f base"))
        let planned = plan.filter { $0.contains("rm ") }.compactMap {
            $0.split(separator: " ").last.map(String.init)
        }.filter(before.contains)
        #expect(Set(planned) == removed)
        #expect(planned.count == Set(planned).count)
    }

    /// The blobs, layers and records of builds, each as a path.
    private func parts(of kade: Kade) throws -> Set<String> {
        let list = try Tool.check(
            "sh", "-c",
            """
            find "$1/image/blobs" -type f
            find "$1/layers/sha256" -mindepth 1 -maxdepth 1
            [ ! -d "$1/build" ] || find "$1/build" -type f ! -name '*.lock'
            """, "sh", kade.root)
        return Set(list.split(separator: "\n").map(String.init))
    }

    @Test func `a further program's plan enters the container`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "1000")
        let plan = Self.plan(try kade.check("exec", "--plan", "-u", "7", "one", "true"))
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        #expect(
            plan.contains { $0.actor == "init" && $0.shell == "nsenter --target \(pid) --all" },
            "\(plan)")
        let user = try kade.call(["exec", "--plan", "-u", "nobody7", "one", "true"])
        #expect(user.exitCode == 125 && user.errors.contains("unable to find user nobody7"))
    }

    @Test func `on a machine without a data root none is made`() throws {
        let kade = try Kade()
        #expect(try kade("tag", "--plan", "one", "two").errors.contains("No such image: one"))
        #expect(!FileManager.default.fileExists(atPath: kade.root))
    }

    @Test(.rootOnly("the machine's root file system is no image of a user's; RootlessRefusalTests"))
    func `nor is one for a plan of a container of host`() throws {
        let kade = try Kade()
        let plan = try kade("run", "--plan", "--rm", "host", "true")
        #expect(plan.exitCode == 0, "\(plan)")
        #expect(Self.plan(plan.output).count > 30)
        #expect(!FileManager.default.fileExists(atPath: kade.root))
    }

    @Test func `what would fail fails, and says the same`() throws {
        let kade = try Kade.withBusybox()
        for command in ["rm nobody", "run --name a@b busybox true", "run -m 1 busybox true"] {
            var words = command.split(separator: " ").map(String.init)
            let real = try kade.call(words)
            words.insert("--plan", at: 1)
            let planned = try kade.call(words)
            #expect(real.exitCode != 0 && planned.exitCode == real.exitCode)
            #expect(planned.errors == real.errors)
            #expect(planned.output.isEmpty)
        }
        let missing = try kade("run", "--plan", "nowhere:1", "true")
        #expect(missing.exitCode == 125)
        #expect(missing.errors.contains("kade pull nowhere:1"))
    }
}

extension Data {
    fileprivate func contains(_ other: Data) -> Bool { range(of: other) != nil }
}
