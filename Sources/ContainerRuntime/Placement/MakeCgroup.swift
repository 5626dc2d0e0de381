import Diagnostics
import Linux
import SystemPackage

/// A step that makes the container's cgroup in every hierarchy.
struct MakeCgroup: SetupStep {
    let cgroup: Cgroup
    /// The controllers that the container's limits need.
    let required: [CgroupController]
    /// Whether the version 2 directory is opened for `CLONE_INTO_CGROUP`.
    let opensDirectory: Bool
    /// Whether the container may live in the runtime's own cgroup instead.
    let isOptional: Bool

    var explanation: Explanation {
        let directories = cgroup.directories(requiring: required).map { $0.string }
        var commands = ["mkdir -p \(directories.joined(separator: " "))"]
        if let unified = cgroup.layout.unified, cgroup.usesUnified(requiring: required) {
            let controllers = (required + ResourceLimits.measured.filter { !required.contains($0) })
                .filter { cgroup.layout.version(of: $0) == .v2 }
                .compactMap(\.unifiedName).map { "+\($0)" }
            let parent = unified.directory(of: cgroup.path).removingLastComponent()
            commands.insert(
                "echo \(controllers.joined(separator: " ")) > \(parent)/cgroup.subtree_control",
                at: 0)
        }
        return Explanation(
            shell: commands.joined(separator: "; "),
            why: "the container's processes are counted and limited together",
            spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do {
            try make(&context)
        } catch  where isOptional && error.kind == .denied {
            return  // it shares the cgroup of its caller
        }
        context.cgroup = cgroup
        let cgroup = cgroup
        context.undo("remove the cgroup \(cgroup.path)") { () throws(Problem) in
            do throws(SystemCallError) {
                try cgroup.killAll()
                try cgroup.remove()
            } catch {
                throw Problem(cgroup: "cannot remove the cgroup \(cgroup.path)", error)
            }
        }
    }

    private func make(_ context: inout SetupContext) throws(Problem) {
        var made: [FilePath] = []
        let conflict: Problem?
        do throws(SystemCallError) {
            made = try cgroup.create(requiring: required, wanting: ResourceLimits.measured)
            conflict = try findConflict(made)
            if let unified = cgroup.layout.unified {
                context.isCgroupNew = made.contains(unified.directory(of: cgroup.path))
            }
            if conflict == nil, opensDirectory {
                context.cgroupDirectory = try cgroup.openUnifiedDirectory()
            }
        } catch {
            Cgroup.discard(made)
            throw Problem(cgroup: "cannot make the cgroup \(cgroup.path)", error)
        }
        if let conflict {
            Cgroup.discard(made)
            throw conflict
        }
    }

    /// What speaks against a cgroup that was there before: it holds processes or is frozen.
    ///
    /// - Parameter made: the directories that were not there before.
    /// - Returns: nil when the container may have it.
    /// - Throws: when the kernel does not tell.
    private func findConflict(_ made: [FilePath]) throws(SystemCallError) -> Problem? {
        let old = cgroup.directories(requiring: required).filter { !made.contains($0) }
        guard !old.isEmpty else { return nil }
        // Of version 1 each hierarchy may have a cgroup of the name, with other processes.
        var processes: [CInt] = []
        for directory in old {
            for process in try Cgroup.processes(beneath: directory)
            where !processes.contains(process) {
                processes.append(process)
            }
        }
        if let first = processes.first {
            return Problem(
                kind: .conflict, what: "cannot use the cgroup \(cgroup.path)",
                why: "it exists and holds \(processes.count) processes, among them \(first)",
                fix: "end them, or set linux.cgroupsPath to a cgroup of the container's own")
        }
        guard try cgroup.isFrozen() else { return nil }
        return Problem(
            kind: .conflict, what: "cannot use the cgroup \(cgroup.path)",
            why: "it exists and is frozen, so that the container would never start",
            fix: "remove it: rmdir \(old.map(\.string).joined(separator: " "))")
    }
}
