import Foundation
import Testing

/// Runs a container of Kade's and the script that `explain --shell` writes of it, and compares them.
struct ShellTrial {
    let kade: Kade
    let namespace: NetworkNamespace

    /// What a script has done.
    private struct Run {
        var exitCode: Int32
        var output: String
        var errors: String
    }

    /// Writes a container's script and checks its text; the script's path.
    func script(of name: String) throws -> String {
        let outcome = try kade("explain", "--shell", name)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        try kade.folder.write(outcome.output, to: "\(name).sh")
        let path = kade.folder.at("\(name).sh")
        let checked = try Tool.run("sh", "-n", path)
        #expect(checked.exitCode == 0, "\(checked.errors)")
        if try Tool.run("sh", "-c", "command -v shellcheck").exitCode == 0 {
            // SC2016: what stands in quotes is meant to be read later, by another shell. SC2317: what
            // undoes something is called by the trap.
            let advice = try Tool.run("shellcheck", "--exclude=SC2016,SC2317", path)
            #expect(advice.exitCode == 0, "\(advice.output)")
        }
        return path
    }

    /// Runs a script as whoever has the container.
    func start(_ path: String) throws -> Tool.Running {
        // Who is root in a user namespace alone may pass through.
        try Tool.check("chmod", "711", kade.folder.path)
        return try Tool.start(
            namespace.entry + kade.entry + ["env", "TMPDIR=\(kade.folder.path)", "sh", path])
    }

    /// The machine's namespaces, and the peer's where there is one.
    private func knownNamespaces() throws -> [String: String] {
        var known: [String: String] = [:]
        let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
        for peer in ["peer", "owner"] where try kade("inspect", peer).exitCode == 0 {
            let pid = try kade.inspect(peer, "{{.State.Pid}}")
            for kind in kinds {
                known[try Tool.check("readlink", "/proc/\(pid)/ns/\(kind)").trimmed] = "the peer's"
            }
        }
        for kind in kinds {
            let link = try namespace.check("readlink /proc/self/ns/\(kind)").trimmed
            known[link] = "the machine's"
        }
        return known
    }

    /// Compares what a container sees with what its script's sees.
    ///
    /// - Parameters:
    ///   - test: the container.
    ///   - flags: those of the test, on this machine.
    ///   - check: looks at the two while they run, where they do.
    /// - Throws: when one of the two cannot be run.
    func compare(
        _ test: ShellCase, flags: [String], check: () throws -> Void = {}
    ) throws {
        // One that runs stays, so that the other one is made beside it.
        let end = test.state == .running ? "\necho the end\nexec sleep 600" : "\nexit 7"
        let command =
            flags + ["--name", test.name, test.image, "sh", "-c", ShellProbe.script + end, "probe"]
            + test.arguments
        var path = ""
        let original: Run
        switch test.state {
        case .exited:
            let outcome = try kade.call(["run"] + command)
            original = Run(
                exitCode: outcome.exitCode, output: outcome.output, errors: outcome.errors)
            path = try script(of: test.name)
        case .created:
            try #require(try kade.call(["create"] + command).exitCode == 0)
            path = try script(of: test.name)
            let outcome = try kade("start", "-a", test.name)
            original = Run(
                exitCode: outcome.exitCode, output: outcome.output, errors: outcome.errors)
        case .running:
            try #require(try kade.call(["run", "-d"] + command).exitCode == 0)
            try kade.wait { try kade("logs", test.name).output.contains("the end\n") }
            original = Run(exitCode: 143, output: try kade("logs", test.name).output, errors: "")
            path = try script(of: test.name)
        }
        let known = try knownNamespaces()
        let running = try start(path)
        if test.state == .running {
            try kade.wait { running.output.contains("the end\n") || !running.process.isRunning }
            try check()
            running.signal(SIGTERM)
        }
        let copy = try running.wait()
        try compare(test, original, copy, known)
        try checkNothingIsLeft(of: test.name)
        // Best effort: Kade leaves the parent that it was told to use, as the script does.
        if test.flags.contains("/parent") {
            _ = try Tool.run("sh", "-c", "rmdir /sys/fs/cgroup/parent /sys/fs/cgroup/*/parent")
        }
    }

    private func compare(
        _ test: ShellCase, _ original: Run, _ copy: Tool.Outcome, _ known: [String: String]
    ) throws {
        #expect(copy.exitCode == original.exitCode, "\(copy.errors)")
        for line in copy.errors.split(separator: "\n") {
            #expect(line.contains("-by-hand-") && line.contains(": cannot "), "\(line)")
        }
        if !test.flags.contains("seccomp=unconfined"), !test.flags.contains("--privileged") {
            #expect(copy.errors.contains("cannot filter its system calls"))
        }
        let texts = try ownAddresses(of: test.name)
        // Binds of its own files: those of the bundle, and the script's copies. Their paths begin
        // where their file system does.
        let id = try kade.inspect(test.name, "{{.Id}}")
        let bundle = try Regex("(/[^ ,=:]*)?/containers/\(id)/")
        let work = try Regex(
            "(/[^ ,=:]*)?/\(test.name)-by-hand-[0-9]+\\.[A-Za-z0-9]+/(files/|mounts/|layers/)?")
        func lines(of text: String, _ own: [(String, String)]) -> [String] {
            ShellProbe.lines(
                of: text.replacing(bundle, with: "OWN/").replacing(work, with: "OWN/"),
                namespaces: known, own: own
            ).filter { line in !test.unlike.contains { line.hasPrefix($0) } }
        }
        let expected = lines(of: original.output, texts.map { ($0.original, $0.name) })
        let actual = lines(of: copy.output, texts.map { ($0.own, $0.name) })
        #expect(expected.count > 60, "\(original)")
        // What Kade clones beforehand the kernel lists first: parents are in the lines themselves.
        let missing = difference(expected, actual)
        let added = difference(actual, expected)
        #expect(
            missing.isEmpty && added.isEmpty,
            """
            only Kade: \(missing.joined(separator: "\n"))
            only the script: \(added.joined(separator: "\n"))
            \(copy.errors)
            """)
    }

    /// Lines that one list has more often than the other.
    private func difference(_ lines: [String], _ others: [String]) -> [String] {
        var left = others
        return lines.filter { line in
            guard let index = left.firstIndex(of: line) else { return true }
            left.remove(at: index)
            return false
        }
    }

    /// An address that each of the two has alone.
    struct OwnAddress {
        let original: String
        let own: String
        let name: String
    }

    /// The variables at the script's top, with what their comments say of the original.
    func ownAddresses(of name: String) throws -> [OwnAddress] {
        try kade.folder.text("\(name).sh").split(separator: "\n").compactMap { line in
            guard
                let match = line.wholeMatch(
                    of: /(ipv[46][_0-9]*)=([^ ]+)\/[0-9]+ .* is ([^ ]+)\/[0-9]+/)
            else { return nil }
            return OwnAddress(
                original: String(match.3), own: String(match.2), name: String(match.1))
        }
    }

    /// Mounts, cgroups, namespaces, devices, ports and files of a script that has ended.
    func checkNothingIsLeft(of name: String) throws {
        let mark = "\(name)-by-hand-"
        let cgroups = try Tool.run("find", "/sys/fs/cgroup", "-type", "d", "-name", "\(mark)*")
        #expect(cgroups.output.isEmpty)
        let networks = try Tool.run("sh", "-c", "ls /run/netns 2>/dev/null | grep ^\(mark)")
        #expect(networks.output.isEmpty)
        let files = try FileManager.default.contentsOfDirectory(atPath: kade.folder.path)
        #expect(files.filter { $0.hasPrefix(mark) }.isEmpty)
        let mounts = try namespace.check("cat /proc/self/mountinfo")
        #expect(!mounts.contains("/\(mark)"))  // another test's may end with the name
        let devices = try namespace.check("ip -o link")
        #expect(!devices.contains("hand"), "\(devices)")
        let table = try namespace.run("nft", "list", "table", "inet", "kade").output
        #expect(!table.contains("28080"), "\(table)")
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
