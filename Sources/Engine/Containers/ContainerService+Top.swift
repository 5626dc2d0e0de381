import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension ContainerService {
    /// The container's processes as `ps` shows them with these arguments (`-ef` when empty).
    package func top(
        _ name: String, psArguments: [String]
    ) throws(Problem) -> ProcessTable {
        let record = try context.record(of: name)
        guard try context.settledStatus(of: record, restarting: true).state.isAlive else {
            throw Problem(
                kind: .conflict, what: "cannot list the processes of \(name)",
                why: "container \(record.id) is not running")
        }
        let pids = try context.processes(of: record)
        let arguments = psArguments.isEmpty ? ["-ef"] : psArguments
        let list = pids.map { "\($0)" }.joined(separator: ",")
        let text: String
        do throws(Problem) {
            // Asked for by number: without options ps shows those of its own user and terminal.
            text = try context.runPS(arguments + ["-q", list])
        } catch  where error.kind == .invalid {
            // Some options, such as f, do not go with -q.
            text = try context.runPS(arguments)
        }
        let table = try ProcessTable(psOutput: text, pids: Set(pids))
        context.tell(.top, of: record)
        return table
    }

    /// What the container changed in its root file system, sorted by path.
    package func diff(_ name: String) throws(Problem) -> [FilesystemChange] {
        let record = try context.record(of: name)
        try context.showLayers(of: record)
        var changes: [FilesystemChange] = []
        for mount in try context.mounts(of: record) {
            guard !mount.isDirectory else { throw RootfsDirectory.refusal("diff", record) }
            var files = mount.snapshot(of: record)
            if case .overlay(var overlay) = files {
                // What the host has unmounted since hides nothing any more.
                if record.imageID == HostImage.name {
                    overlay.lower.removeAll { !File.exists($0) }
                }
                if let upper = overlay.upper, !File.exists(upper) { continue }  // by a reboot
                files = .overlay(overlay)
            }
            let prefix = mount.at.isEmpty ? "" : "/" + mount.at
            changes += try files.changes().map { change in
                FilesystemChange(
                    kind: FilesystemChange.Kind(change.kind), path: prefix + change.path)
            }
        }
        return changes.withoutMountPoints.sorted { $0.path < $1.path }
    }

    /// The recorded steps of the container's last start.
    package func steps(of name: String) throws(Problem) -> [StepRecord] {
        let record = try context.record(of: name)
        // Who has started the container writes them a moment after the program has begun.
        if case .running = try context.status(of: record).state {
            try context.withStartHeld(of: record.id) {}
        }
        let path = context.configuration.bundle(of: record.id).steps
        guard let bytes = try bytesIfPresent(of: path) else { return [] }
        return try StepRecord.parse(bytes, named: path.string).fromTheFirst
    }
}

extension [FilesystemChange] {
    /// The changes without what the runtime made to mount on, and without directories that changed
    /// only by that: Docker keeps those in a layer below.
    var withoutMountPoints: [FilesystemChange] {
        let hidden = RuntimeMountPoints.paths
        let removed = filter { $0.kind == .added && hidden.contains($0.path) }
        guard !removed.isEmpty else { return self }
        let kept = filter { !($0.kind == .added && hidden.contains($0.path)) }
        return kept.filter { change in
            let inside = change.path + "/"
            guard removed.contains(where: { $0.path.hasPrefix(inside) }) else { return true }
            return kept.contains { $0.path.hasPrefix(inside) }
        }
    }
}

extension FilesystemChange.Kind {
    init(_ kind: FileChange.Kind) {
        self =
            switch kind {
            case .added: .added
            case .changed: .changed
            case .deleted: .deleted
            }
    }
}

extension ProcessTable {
    /// Picks the container's processes out of what `ps` printed.
    init(psOutput text: String, pids: Set<Int32>) throws(Problem) {
        let lines = text.split(separator: "\n")
        let titles = (lines.first ?? "").split(separator: " ").map(String.init)
        guard let column = titles.firstIndex(of: "PID") else {
            throw Problem(
                kind: .invalid, what: "cannot list the processes",
                why: "Couldn't find PID field in ps output",
                fix: "use arguments of ps that print the column PID")
        }
        var rows: [[String]] = []
        for line in lines.dropFirst() {
            // A column that is the only one keeps its blanks otherwise.
            let fields = line.drop { $0 == " " }.split(
                separator: " ", maxSplits: titles.count - 1, omittingEmptySubsequences: true)
            guard fields.count > column, let pid = Int32(fields[column]), pids.contains(pid) else {
                continue
            }
            rows.append(fields.map { String($0.drop { $0 == " " }) })
        }
        self.init(titles: titles, rows: rows)
    }
}

extension EngineContext {
    /// The processes of a container that runs.
    func processes(of record: ContainerRecord) throws(Problem) -> [Int32] {
        let cgroup = try cgroup(of: record)
        let status = try status(of: record)
        return try explaining("cannot list the processes of \(record.name)") {
            () throws(SystemCallError) in
            if let cgroup { return try cgroup.processes() }
            guard let pid = status.state.pid else { return [] }
            // Further programs (`exec`) are no children of the first one's.
            let entered = try processesInMountNamespace(of: pid).filter { $0 != pid }
            return try processTree(below: [pid] + entered)
        }
    }

    /// Runs the host's `ps` and returns what it printed.
    fileprivate func runPS(_ arguments: [String]) throws(Problem) -> String {
        let path = configuration.searchPath.map { "\($0)" }.joined(separator: ":")
        guard case .found(let program) = lookUpProgram("ps", searchPath: path) else {
            throw Problem(
                kind: .unavailable, what: "cannot list the processes",
                why: "ps is not installed", fix: "apt install procps")
        }
        let output = try explaining("cannot make a file for the output of ps") {
            () throws(SystemCallError) in try OwnedFD.memory(named: "ps")
        }
        let child = try SpawnedProgram(
            program, arguments: ["ps"] + arguments, environment: configuration.helperEnvironment,
            descriptors: [-1, output.rawValue, output.rawValue], hasOwnSession: false)
        let code = try child.wait()
        let text = try explaining("cannot read the output of ps") {
            () throws(SystemCallError) in try File.readText(output.procPath)
        }
        guard code == 0 else {
            throw Problem(
                kind: .invalid, what: "cannot list the processes",
                why: "ps: \(text.split(separator: "\n").first ?? "exit code \(code)")")
        }
        return text
    }
}
