import Diagnostics
import Linux
import OCI
import SystemPackage

/// The group in which a container shares processor cache and memory bandwidth: `linux.intelRdt`
/// (runtime-spec, config-linux.md § IntelRdt; resctrl).
///
/// `closID` names a directory of the resctrl file system ("/" is its root); without it the
/// container has one of its own, which goes with it.
struct ResourceControlGroup: Sendable, Equatable {
    /// Where resctrl is mounted.
    let root: FilePath
    let containerID: String
    let wanted: RuntimeSpec.IntelRdt

    /// - Parameters:
    ///   - wanted: what the specification says.
    ///   - containerID: names the group where that does not.
    ///   - root: where resctrl is mounted.
    /// - Throws: when it is not mounted, or when `closID` leads elsewhere.
    init(
        _ wanted: RuntimeSpec.IntelRdt, containerID: String, root: FilePath?
    ) throws(Problem) {
        guard let root else {
            throw Problem(
                kind: .unsupported, what: "cannot apply linux.intelRdt",
                why: "no resctrl file system is mounted",
                fix: "mount it, where processor and kernel have it: "
                    + "mount -t resctrl resctrl /sys/fs/resctrl")
        }
        let isPlain = wanted.closID.map { !$0.contains("/") && $0 != "." && $0 != ".." } ?? true
        guard isPlain || wanted.closID == "/" else {
            throw .invalidLimit(
                "linux.intelRdt.closID", "\"\(wanted.closID ?? "")\" is no name of a directory",
                fix: "use one without /, or / alone for the default class")
        }
        for line in Self.lines(of: wanted) where line.contains("\n") {
            throw .invalidLimit("linux.intelRdt", "a schema has a line break in it")
        }
        if let schema = wanted.memBwSchema, !schema.hasPrefix("MB:") {
            throw .invalidLimit("linux.intelRdt.memBwSchema", "it does not start with MB:")
        }
        self.root = root
        self.containerID = containerID
        self.wanted = wanted
    }

    /// The group of a container that exists; nil where it has none.
    init?(of linux: RuntimeSpec.Linux, containerID: String) throws(Problem) {
        guard let wanted = linux.intelRdt else { return nil }
        let root = try explaining("cannot find resctrl") { () throws(SystemCallError) in
            try ResourceControl.mountPoint()
        }
        try self.init(wanted, containerID: containerID, root: root)
    }

    /// The group's directory.
    var directory: FilePath {
        wanted.closID == "/" ? root : root.appending(wanted.closID ?? containerID)
    }

    /// The directory that counts the container alone.
    var monitor: FilePath? {
        guard wanted.enableMonitoring else { return nil }
        return directory.appending("mon_groups").appending(containerID)
    }

    /// What is written to `schemata`, in the specification's order.
    static func lines(of wanted: RuntimeSpec.IntelRdt) -> [String] {
        [wanted.l3CacheSchema, wanted.memBwSchema].compactMap { $0 } + wanted.schemata
    }

    /// Writes lines to the group's `schemata`.
    func write(_ lines: [String]) throws(Problem) {
        for line in lines {
            do throws(SystemCallError) {
                try File.write(line + "\n", into: directory.appending("schemata"))
            } catch {
                throw problem("cannot set \(line) of \(directory)", error)
            }
        }
    }

    /// A refusal, with what resctrl says of it in `info/last_cmd_status`.
    func problem(_ what: String, _ refusal: SystemCallError) -> Problem {
        var problem = Problem(what: what, refusal: refusal)
        // Best effort: without the file the kernel's errno is all there is to tell.
        if let said = try? File.readText(root.appending("info/last_cmd_status")), said != "ok\n" {
            problem.why += " (\(said.filter { $0 != "\n" }))"
        }
        return problem
    }
}

/// A step that makes the group, or checks the one that exists.
struct MakeResourceControlGroup: SetupStep {
    let group: ResourceControlGroup

    var explanation: Explanation {
        let lines = ResourceControlGroup.lines(of: group.wanted).map {
            "; echo '\($0)' > \(group.directory)/schemata"
        }
        return Explanation(
            shell: "mkdir -p \(group.monitor ?? group.directory)" + lines.joined(),
            why: "the container gets its part of processor cache and memory bandwidth",
            spec: "linux.intelRdt")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let lines = ResourceControlGroup.lines(of: group.wanted)
        let exists = File.exists(group.directory)
        if exists, group.wanted.closID != nil {
            try compare()
            try group.write(group.wanted.schemata)
        } else {
            guard group.wanted.closID == nil || !lines.isEmpty else {
                throw Problem(
                    kind: .notFound, what: "cannot use the class of service \(group.directory)",
                    why: "it does not exist, and linux.intelRdt has no schema to make it with",
                    fix: "make it first: mkdir \(group.directory)")
            }
            if !exists { try make(group.directory, &context, isKept: group.wanted.closID != nil) }
            try group.write(lines)
        }
        if let monitor = group.monitor { try make(monitor, &context, isKept: false) }
    }

    /// Makes a directory, which goes when the creation fails, and unless it is kept with the
    /// container too.
    private func make(
        _ directory: FilePath, _ context: inout SetupContext, isKept: Bool
    ) throws(Problem) {
        do throws(SystemCallError) {
            try Directory.make(directory, permissions: FilePermissions(rawValue: 0o755))
        } catch {
            throw group.problem("cannot make the resctrl group \(directory)", error)
        }
        if !isKept { context.resourceControlDirectories.insert(directory.string, at: 0) }
        context.undo("remove \(directory)") { () throws(Problem) in
            try explaining("cannot remove \(directory)") { () throws(SystemCallError) in
                try Directory.remove(directory)
            }
        }
    }

    /// A class that exists must have the schemas that the specification names.
    private func compare() throws(Problem) {
        let text = try explaining("cannot read the schemata of \(group.directory)") {
            () throws(SystemCallError) in
            try File.readText(group.directory.appending("schemata"))
        }
        let present = text.split(separator: "\n").map { $0.filter { $0 != " " } }
        for schema in [group.wanted.l3CacheSchema, group.wanted.memBwSchema].compactMap({ $0 })
        where !present.contains(schema.filter { $0 != " " }) {
            throw Problem(
                kind: .conflict, what: "cannot use the class of service \(group.directory)",
                why: "it exists, and its schemata are not \(schema)",
                fix: "name another closID, or leave the schema out")
        }
    }
}

/// A step that puts the container's process into the group.
struct JoinResourceControlGroup: SetupStep {
    let group: ResourceControlGroup

    private var files: [FilePath] {
        [group.directory, group.monitor].compactMap { $0?.appending("tasks") }
    }

    var explanation: Explanation {
        Explanation(
            shell: files.map { "echo $PID > \($0)" }.joined(separator: "; "),
            why: "the container is served as its group is", spec: "linux.intelRdt")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        for file in files {
            do throws(SystemCallError) {
                try File.write("\(context.initProcessID ?? 0)", into: file)
            } catch {
                throw group.problem("cannot write to \(file)", error)
            }
        }
    }
}

/// Removes the groups that were made for a container alone.
func removeResourceControlGroups(_ directories: [String]) throws(Problem) {
    for directory in directories {
        do throws(SystemCallError) {
            try Directory.remove(FilePath(directory))
        } catch  where error.errno == .noSuchFileOrDirectory {
            continue  // went with the group above it
        } catch {
            throw Problem(what: "cannot remove the resctrl group \(directory)", refusal: error)
        }
    }
}
