import Foundation
import Testing

/// Commands and monitors that are killed at every one of their system calls that changes something
/// or waits for somebody.
///
/// strace(1) records such calls of an undisturbed run, and then kills as many runs, each when it
/// begins another one of them. The next command finds something consistent, and all can be removed.
@Suite(.enabled(if: isRoot)) struct KilledAtEveryCallTests {
    /// What is killed, and between what.
    struct Case: CustomTestStringConvertible, Sendable {
        /// The commands before, which succeed.
        let before: [String]
        let command: String
        /// The states that the container may be in afterwards; an empty text is that it is gone.
        let states: Set<String>

        var testDescription: String { command }

        init(_ command: String, after before: String..., leaves states: String...) {
            self.before = before
            self.command = command
            self.states = Set(states)
        }
    }

    private static let running = "run -d --name one -v /anonymous busybox sleep 1000"

    static let commands = [
        Case("create --name one -v /bin -v named:/etc busybox true", leaves: "", "created"),
        Case(running, leaves: "", "created", "running", "exited"),
        // Its monitor removes it when the command has gone.
        Case(
            "run --rm --name one -v named:/x busybox true",
            leaves: "", "created", "running", "exited", "dead"),
        Case(
            "start one", after: "create --name one busybox sleep 1000", leaves: "created", "running"
        ),
        Case("exec one true", after: running, leaves: "running"),
        Case("pause one", after: running, leaves: "running", "paused"),
        Case("unpause one", after: running, "pause one", leaves: "running", "paused"),
        Case("update -m 64m --memory-swap 64m one", after: running, leaves: "running"),
        Case("rename one two", after: running, leaves: "running", ""),
        Case(
            "cp /etc/hostname one:/tmp/", after: "create --name one busybox true", leaves: "created"
        ),
        Case(
            "container clone --destroy one", after: "create --name one -v /x busybox true",
            leaves: "created", "dead", ""),
        Case("restart -t 0 one", after: running, leaves: "running", "exited"),
        Case("stop -t 0 one", after: running, leaves: "running", "exited"),
        Case(
            "rm -v one", after: "create --name one -v /x busybox true", leaves: "created", "dead",
            ""),
        Case("rm -f -v one", after: running, leaves: "running", "exited", "dead", ""),
    ]

    @Test(arguments: commands) func `a command`(example: Case) throws {
        try walk(example, with: try Kade.withBusybox())
    }

    private static let connected = "run -d --name one --network net busybox sleep 1000"

    static let networkCommands = [
        Case("network create --ipv6 net", leaves: ""),
        Case("network rm net", after: "network create net", leaves: ""),
        Case(
            "network connect net one", after: "network create net",
            "run -d --name one busybox sleep 1000", leaves: "running"),
        Case(
            "network disconnect net one", after: "network create net", connected,
            leaves: "running"),
        Case(
            "network update --dns-add 192.0.2.9 net", after: "network create net", connected,
            leaves: "running"),
        Case(
            "run -d --name one -p 8080:80 busybox sleep 1000",
            leaves: "", "created", "running", "exited"),
    ]

    @Test(arguments: networkCommands) func `a command for networks`(example: Case) throws {
        let namespace = try NetworkNamespace()
        let kade = try Kade.withBusybox(in: namespace)
        try walk(example, with: kade)
        #expect(try kade.check("network", "ls", "-q", "-f", "type=custom").isEmpty)
        let links = try namespace.check("ip -o link")
        #expect(!links.contains("veth"), "\(links)")
        let bridges = links.split(separator: "\n").filter { $0.contains(": kade") }
        #expect(bridges.count <= 1, "\(links)")
    }

    private func walk(_ example: Case, with kade: Kade) throws {
        let command = kade.commandLine(example.command.words)
        try Walk(kade: kade, case: example).run {
            try Tool.start(["strace"] + $0 + command, environment: kade.environment).wait()
        }
    }

    static let monitors = [
        Case("run --name one -v /x busybox true", leaves: "", "created", "exited"),
        Case("run --rm --name one -v /x busybox true", leaves: "", "created", "dead", "exited"),
        Case("run -d --name one busybox sleep 1000", leaves: "created", "running", "exited"),
        Case(
            "run --restart on-failure:1 --name one busybox false",
            leaves: "created", "running", "restarting", "exited"),
        Case(
            "run --health-cmd true --health-interval 100ms --name one busybox sleep 0.3",
            leaves: "created", "exited"),
    ]

    @Test(arguments: monitors) func `a monitor`(example: Case) throws {
        let kade = try Kade.withBusybox()
        let programs = try TracedMonitor(in: kade.folder.at("programs"))
        var command = kade.commandLine(example.command.words)
        command[0] = programs.directory + "/kade"
        try Walk(kade: kade, case: example).run {
            try programs.traceNext(with: $0)
            return try Tool.start(command, environment: kade.environment).wait()
        }
    }
}

/// One command that is killed again and again.
private struct Walk {
    let kade: Kade
    let `case`: KilledAtEveryCallTests.Case

    /// Calls by which a process changes something, or waits for another.
    ///
    /// SQLite's writes into its own files are its own to survive, and many.
    private static let calls =
        "mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,"
        + "symlinkat,write,sendto,sendmsg,connect,bind,clone,clone3,vfork,execve,mount,umount2,"
        + "move_mount,fsync,fdatasync,ftruncate,kill,pidfd_send_signal,flock,recvmsg,recvfrom,"
        + "poll,ppoll"

    /// Records a run, and does it again once for each call, which kills it.
    ///
    /// - Parameter run: does the command with these options of strace for what is to be killed.
    /// - Throws: what `run` throws, and when something that the walk needs does not work.
    func run(_ run: ([String]) throws -> Tool.Outcome) throws {
        try prepare()
        let trace = kade.folder.at("trace")
        _ = try run(["-o", trace, "-e", "trace=\(Self.calls)"])
        try expectNothingStays("undisturbed")
        let points = Self.points(in: try kade.folder.text("trace"))
        #expect(points.count > 5, "strace has recorded nothing")
        for point in points {
            try prepare()
            let outcome = try run([
                "-o", "/dev/null", "-e", "trace=\(point.call)",
                "--inject=\(point.call):signal=KILL:when=\(point.number)",
            ])
            let crashes = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV].map { 128 + $0 }
            #expect(!crashes.contains(outcome.exitCode), "\(point): \(outcome)")
            let state = try kade("inspect", "-f", "{{.State.Status}}", "one").output
            #expect(
                `case`.states.contains(state.trimmingCharacters(in: .whitespacesAndNewlines)),
                "\(point): \(state)")
            try expectNothingStays("\(point)")
        }
        try kade.check("volume", "prune", "-af")
        // A directory that has not got its lock yet is left alone for some seconds.
        try kade.wait {
            try kade.check("ps")
            return try entries("containers").isEmpty
        }
        #expect(try entries("volumes").isEmpty)
    }

    private func prepare() throws {
        for line in `case`.before {
            let outcome = try kade.call(line.words)
            try #require(outcome.exitCode == 0, "\(line): \(outcome)")
        }
    }

    /// All containers can be removed, and then nothing of them is left.
    private func expectNothingStays(_ point: String) throws {
        for id in try kade.check("ps", "-aq", "--no-trunc").split(separator: "\n").map(String.init)
        {
            let outcome = try kade("rm", "-f", "-v", id)
            // One with --rm may have gone by itself meanwhile.
            let isGone = outcome.errors.contains("No such container")
            #expect(outcome.exitCode == 0 || isGone, "\(point): \(outcome)")
            try kade.wait { try Kade.cgroups(of: id).isEmpty }
        }
        do {
            try kade.wait { try kade.leftovers().isEmpty }
        } catch {
            Issue.record("\(point): \(try kade.leftovers())")
        }
        if kade.namespace != nil { try kade.check("network", "prune", "-f") }
        try kade.check("ps")
        let directories = try entries("containers").filter { !$0.hasPrefix(".new-") }
        #expect(directories.isEmpty, "\(point)")
    }

    private func entries(_ directory: String) throws -> [String] {
        let path = kade.root + "/" + directory
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path)
    }

    /// A call of a recorded run: the how-manieth of its kind it was.
    private struct Point: CustomStringConvertible {
        let call: String
        let number: Int
        /// The line of the record.
        let description: String
    }

    private static func points(in trace: String) -> [Point] {
        var counts: [String: Int] = [:]
        return trace.split(separator: "\n").compactMap { line in
            guard let end = line.firstIndex(of: "("), line.first?.isLetter == true else {
                return nil
            }
            let call = String(line[..<end])
            counts[call, default: 0] += 1
            return Point(call: call, number: counts[call] ?? 0, description: String(line))
        }
    }
}

extension String {
    fileprivate var words: [String] { split(separator: " ").map(String.init) }
}
