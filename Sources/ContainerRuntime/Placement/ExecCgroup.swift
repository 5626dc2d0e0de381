package import Diagnostics
import Linux
import SystemPackage

/// Where below the container's cgroup `exec` runs its program: `--cgroup`.
package enum ExecCgroup: Sendable, Equatable {
    /// In the container's own cgroup.
    case containers
    /// At this path below it, in every hierarchy.
    case below(String)
    /// At different paths below it, in the hierarchies of version 1 controllers.
    case belowByController([String: String])

    /// Reads the values of `--cgroup`: one path, or "CONTROLLER[,CONTROLLER...]:PATH" each.
    package init(_ texts: [String]) throws(Problem) {
        var paths: [String: String] = [:]
        for text in texts {
            guard let colon = text.firstIndex(of: ":") else {
                guard texts.count == 1 else {
                    throw Self.problem(text, "of several, each starts with CONTROLLER:")
                }
                self = .below(try Self.checked(text[...], text))
                return
            }
            let path = try Self.checked(text[colon...].dropFirst(), text)
            for name in text[..<colon].split(separator: ",", omittingEmptySubsequences: false) {
                guard !name.isEmpty else { throw Self.problem(text, "a controller has no name") }
                guard paths.updateValue(path, forKey: String(name)) == nil else {
                    throw Self.problem(text, "it names the controller \(name) a second time")
                }
            }
        }
        self = paths.isEmpty ? .containers : .belowByController(paths)
    }

    private static func checked(_ path: Substring, _ text: String) throws(Problem) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw problem(text, "it leads out of the container's cgroup")
        }
        return parts.joined(separator: "/")
    }

    private static func problem(_ text: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "invalid value \"\(text)\" for flag --cgroup", why: why,
            fix: "name a cgroup below the container's: PATH or CONTROLLER:PATH")
    }
}

/// The cgroups that a program of `exec` comes into.
struct ExecPlace: Sendable {
    /// The cgroup in every hierarchy; nil when the container has none of its own.
    let cgroup: Cgroup?
    /// What follows where some hierarchies have another one.
    let moves: [any SetupStep]

    /// - Parameters:
    ///   - wanted: what the caller asks for.
    ///   - state: the container.
    ///   - own: its cgroup, if it has one.
    ///   - initProcessID: its first process.
    /// - Throws: when a cgroup does not exist.
    init(
        _ wanted: ExecCgroup, of state: RuntimeState, _ own: Cgroup?, initProcessID: CInt
    ) throws(Problem) {
        guard let own else {
            guard wanted == .containers else {
                throw Problem(
                    kind: .unsupported, what: "cannot use --cgroup",
                    why: "container \(state.id) has no cgroup of its own")
            }
            cgroup = nil
            moves = []
            return
        }
        switch wanted {
        case .containers:
            cgroup = try Self.leaf(of: own, initProcessID: initProcessID)
            moves = []
        case .below(let path):
            let below = Cgroup(layout: own.layout, path: "\(own.path)/\(path)")
            for hierarchy in own.layout.hierarchies
            where hierarchy.version == .v1 || own.layout.isUnified {
                try Self.check(hierarchy.directory(of: below.path))
            }
            cgroup = below
            moves = []
        case .belowByController(let paths):
            cgroup = own
            moves = [MoveBetweenCgroups(directories: try Self.directories(paths, below: own))]
        }
    }

    /// The container's cgroup, or where that may hold no process (version 2, its controllers are
    /// given to cgroups that the container made) the one of its first process.
    private static func leaf(of own: Cgroup, initProcessID: CInt) throws(Problem) -> Cgroup {
        guard own.layout.isUnified else { return own }
        return try explaining("cannot find the container's cgroup") {
            () throws(SystemCallError) in
            guard try own.givesControllersAway() else { return own }
            return try own.layout.unifiedCgroup(of: initProcessID) ?? own
        }
    }

    private static func directories(
        _ paths: [String: String], below own: Cgroup
    ) throws(Problem) -> [FilePath] {
        var directories: [FilePath] = []
        for (name, path) in paths.sorted(by: { $0.key < $1.key }) {
            guard let hierarchy = own.layout.legacyHierarchy(named: name) else {
                throw Problem(
                    kind: .invalid, what: "cannot use --cgroup \(name):\(path)",
                    why: "no cgroup version 1 hierarchy has the controller \(name)",
                    fix: "name the controllers as /proc/self/cgroup does")
            }
            let directory = hierarchy.directory(of: "\(own.path)/\(path)")
            try check(directory)
            if !directories.contains(directory) { directories.append(directory) }
        }
        return directories
    }

    private static func check(_ directory: FilePath) throws(Problem) {
        guard !File.exists(directory) else { return }
        throw Problem(
            kind: .notFound, what: "cannot run in the cgroup \(directory)",
            why: "it does not exist", fix: "make it first: mkdir -p \(directory)")
    }
}

/// A step that moves the program into other cgroups of version 1.
struct MoveBetweenCgroups: SetupStep {
    let directories: [FilePath]

    var explanation: Explanation {
        Explanation(
            shell: "echo $PID | tee "
                + directories.map { "\($0)/cgroup.procs" }.joined(separator: " "),
            why: "the program runs in cgroups below the container's", spec: "exec --cgroup")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // Its only thread moves itself, which is faster; the runtime moves a process.
        let file = context.isInit ? "tasks" : "cgroup.procs"
        let process = context.isInit ? 0 : context.initProcessID ?? 0
        for directory in directories {
            do throws(SystemCallError) {
                try File.write("\(process)", into: directory.appending(file))
            } catch {
                throw Problem(cgroup: "cannot enter the cgroup \(directory)", error)
            }
        }
    }
}

/// Opens the container's cgroup v2 directory, so that the program is born into it.
struct OpenCgroup: SetupStep {
    let cgroup: Cgroup

    var explanation: Explanation {
        Explanation(
            shell: "exec {cgroup}<\(cgroup.path)", why: "the program is born into the cgroup",
            spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard cgroup.layout.isUnified else { return }
        context.cgroupDirectory = try explaining("cannot open the container's cgroup") {
            () throws(SystemCallError) in try cgroup.openUnifiedDirectory()
        }
    }
}

/// Puts the program into the container's cgroups where it was not born there.
struct JoinCgroupForExec: SetupStep {
    let cgroup: Cgroup

    var explanation: Explanation {
        Explanation(
            shell: "echo $PID > …\(cgroup.path)/cgroup.procs",
            why: "the container's limits hold for the program too", spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard !cgroup.layout.isUnified, let process = context.initProcessID else { return }
        try explaining("cannot put the program into the container's cgroup") {
            () throws(SystemCallError) in try cgroup.add(process, alreadyInUnified: false)
        }
    }
}
