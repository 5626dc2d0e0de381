package import Glibc
package import SystemPackage

extension Cgroup {
    /// The processes of the cgroup and of those below it, as this process numbers them.
    package func processes() throws(SystemCallError) -> [pid_t] {
        guard let hierarchy = mainHierarchy else { return [] }
        return try Self.processes(beneath: hierarchy.directory(of: path))
    }

    /// The processes of a cgroup's directory in one hierarchy, and of those below it.
    package static func processes(beneath directory: FilePath) throws(SystemCallError) -> [pid_t] {
        var all: [pid_t] = []
        for directory in try CgroupDirectory.tree(directory) { all += try pids(in: directory) }
        return all
    }

    /// Kills every process of the cgroup and of those below it.
    ///
    /// Version 2 writes `1` to `cgroup.kill` (Linux 5.14); elsewhere the cgroup is frozen, each
    /// process gets SIGKILL, and is thawed, until none is left. It does not wait for the zombies.
    package func killAll() throws(SystemCallError) {
        if layout.isUnified, let unified = layout.unified {
            let directory = unified.directory(of: path)
            do {
                return try CgroupFiles.write("1", to: directory.appending("cgroup.kill"))
            } catch  where error.errno == .noSuchFileOrDirectory {
                // no such cgroup, or a kernel before 5.14
            }
        }
        for attempt in 0..<100 {
            guard try killEach() else { return }
            usleep(UInt32(min(attempt, 10)) * 1000)
        }
    }

    /// Sends SIGKILL to each process, while they cannot make new ones.
    ///
    /// - Returns: whether there was a process.
    private func killEach() throws(SystemCallError) -> Bool {
        let alive = try processes()
        guard !alive.isEmpty else { return false }
        let isFrozen = layout.version(of: .freezer) != nil
        if isFrozen {
            // A cgroup that will not freeze is killed all the same: the caller repeats this.
            try? freeze()
        }
        for pid in try processes() { kill(pid, SIGKILL) }  // one that is gone already is as good
        if isFrozen { try thaw() }
        return true
    }

    /// The hierarchy whose lists of processes are asked for: version 2, else the first one.
    private var mainHierarchy: CgroupLayout.Hierarchy? {
        layout.isUnified
            ? layout.unified : layout.hierarchy(of: .freezer) ?? layout.hierarchies.first
    }

    private static func pids(in directory: FilePath) throws(SystemCallError) -> [pid_t] {
        do {
            return try CgroupFiles.read(directory.appending("cgroup.procs"))
                .split(separator: "\n").compactMap { pid_t($0) }
        } catch
            where error.errno == .noSuchFileOrDirectory
            || error.errno == .operationNotSupportedByDevice
        {
            return []  // removed between the listing and now
        } catch  where error.errno == .notSupportedOnSocket {
            return []  // a threaded cgroup: its processes are listed by its domain
        }
    }
}

extension Cgroup {
    /// Whether the version 2 cgroup gives controllers to cgroups below it.
    ///
    /// Such a cgroup may hold no process itself (cgroups(7) § "no internal processes").
    package func givesControllersAway() throws(SystemCallError) -> Bool {
        guard let directory = layout.unified?.directory(of: path) else { return false }
        return try CgroupFiles.read(directory.appending("cgroup.subtree_control"))
            .contains { !$0.isWhitespace }
    }
}

extension CgroupLayout {
    /// The version 2 cgroup that a process is in (`/proc/PID/cgroup`); nil for the root.
    package func unifiedCgroup(of process: pid_t) throws(SystemCallError) -> Cgroup? {
        let memberships = Self.parseMemberships(
            try CgroupFiles.read(FilePath("/proc/\(process)/cgroup")))
        guard let path = memberships.first(where: { $0.names.isEmpty })?.path, path != "/" else {
            return nil
        }
        return Cgroup(layout: self, path: path)
    }

    /// The version 1 hierarchy that `/proc/self/cgroup` lists by this name: "cpu", "name=systemd".
    package func legacyHierarchy(named name: String) -> Hierarchy? {
        hierarchies.first {
            switch $0.kind {
            case .controllers(let controllers): controllers.contains { $0.rawValue == name }
            case .named(let own): name == "name=\(own)"
            case .unified: false
            }
        }
    }
}
