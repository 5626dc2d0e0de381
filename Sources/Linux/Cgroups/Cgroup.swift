package import Glibc
package import SystemPackage

/// A control group: the same path in every hierarchy of the machine (cgroups(7)).
package struct Cgroup: Sendable, Equatable {
    /// The machine's hierarchies.
    package let layout: CgroupLayout
    /// The path from the root of each hierarchy, never the root itself: "/kade/web".
    package let path: String

    package init(layout: CgroupLayout, path: String) {
        self.layout = layout
        self.path = path
    }

    /// The cgroup's directory in the hierarchy of a controller, or nil without such a hierarchy.
    package func directory(for controller: CgroupController) -> FilePath? {
        layout.hierarchy(of: controller)?.directory(of: path)
    }

    /// The cgroup's directories, one for each hierarchy.
    package var directories: [FilePath] { layout.hierarchies.map { $0.directory(of: path) } }

    /// The directories that a cgroup with these limits has.
    package func directories(requiring required: [CgroupController]) -> [FilePath] {
        layout.hierarchies
            .filter { $0.version == .v1 || usesUnified(requiring: required) }
            .map { $0.directory(of: path) }
    }

    /// Makes the cgroup, and its ancestors where they are missing, in every hierarchy.
    ///
    /// In version 2 the controllers are enabled for it in each ancestor's `cgroup.subtree_control`.
    /// A new cgroup of the version 1 `cpuset` controller gets its parent's processors and memory
    /// nodes, because a process cannot join it without. On a hybrid machine the version 2 hierarchy
    /// is left alone unless one of the required controllers is there.
    ///
    /// - Parameters:
    ///   - required: controllers that must limit the cgroup.
    ///   - wanted: controllers that are enabled where that is possible.
    /// - Returns: the directories that did not exist before.
    /// - Throws: when a directory cannot be made or a required controller cannot be enabled; nothing
    ///   of the cgroup is left then, but its ancestors are.
    package func create(
        requiring required: [CgroupController], wanting wanted: [CgroupController]
    ) throws(SystemCallError) -> [FilePath] {
        var made: [FilePath] = []
        do {
            for hierarchy in layout.hierarchies {
                let isNew: Bool
                switch hierarchy.kind {
                case .controllers(let controllers):
                    isNew = try makeDirectories(
                        in: hierarchy, inheritingCPUSet: controllers.contains(.cpuset))
                case .named:
                    isNew = try makeDirectories(in: hierarchy, inheritingCPUSet: false)
                case .unified:
                    guard usesUnified(requiring: required) else { continue }
                    isNew = try CgroupDelegation(hierarchy: hierarchy, path: path).create(
                        requiring: required.filter { layout.version(of: $0) == .v2 },
                        wanting: wanted.filter { layout.version(of: $0) == .v2 })
                }
                if isNew { made.append(hierarchy.directory(of: path)) }
            }
            return made
        } catch {
            Self.discard(made)
            throw error
        }
    }

    /// Removes directories that were just made; what cannot be removed stays, as the first error
    /// is the one that matters.
    package static func discard(_ made: [FilePath]) {
        for directory in made.reversed() {
            _ = try? CgroupDirectory.remove(directory)  // best effort, see above
        }
    }

    /// Whether a cgroup with these limits needs a place in the version 2 hierarchy.
    package func usesUnified(requiring required: [CgroupController]) -> Bool {
        layout.isUnified
            || required.contains { layout.version(of: $0) == .v2 && !$0.isBuiltIntoUnified }
    }

    /// Whether the cgroup exists in a hierarchy.
    package var exists: Bool {
        directories.contains { $0.withPlatformString { access($0, F_OK) } == 0 }
    }

    /// Moves a process into the cgroup, in all hierarchies one after the other.
    ///
    /// The hierarchies come back to back on purpose: the first move waits for an RCU grace period
    /// of the kernel, and those that follow at once do not.
    ///
    /// - Parameters:
    ///   - pid: the process; 0 is the caller.
    ///   - alreadyInUnified: whether it was cloned into the version 2 cgroup.
    /// - Throws: when the kernel refuses, for example EBUSY where the cgroup has cgroups below it.
    package func add(_ pid: pid_t, alreadyInUnified: Bool = false) throws(SystemCallError) {
        for hierarchy in layout.hierarchies {
            let isUnified = hierarchy.version == .v2
            if isUnified, alreadyInUnified { continue }
            do {
                try CgroupFiles.write(
                    "\(pid)", to: hierarchy.directory(of: path).appending("cgroup.procs"))
            } catch  where isUnified && !layout.isUnified && error.errno == .noSuchFileOrDirectory {
                continue  // hybrid: nothing of the container is limited there
            }
        }
    }

    /// Moves the calling thread, which is its process's only one, into the cgroup.
    ///
    /// A thread that writes 0 for itself to the `tasks` files of version 1 spares the kernel the
    /// grace period that ``add(_:alreadyInUnified:)`` waits for.
    ///
    /// - Parameter alreadyInUnified: whether it was cloned into the version 2 cgroup.
    /// - Throws: when the kernel refuses.
    package func enter(alreadyInUnified: Bool) throws(SystemCallError) {
        for hierarchy in layout.hierarchies {
            let isUnified = hierarchy.version == .v2
            if isUnified, alreadyInUnified { continue }
            do {
                let file = isUnified ? "cgroup.procs" : "tasks"
                try CgroupFiles.write("0", to: hierarchy.directory(of: path).appending(file))
            } catch  where isUnified && !layout.isUnified && error.errno == .noSuchFileOrDirectory {
                continue  // hybrid: nothing of the container is limited there
            }
        }
    }

    /// Opens the version 2 directory for `CLONE_INTO_CGROUP` (clone(2)) and device programs.
    ///
    /// - Returns: nil where the machine has no version 2 cgroup for it.
    package func openUnifiedDirectory() throws(SystemCallError) -> OwnedFD? {
        guard let unified = layout.unified else { return nil }
        do {
            return try CgroupFiles.open(unified.directory(of: path), O_RDONLY | O_DIRECTORY)
        } catch  where error.errno == .noSuchFileOrDirectory && !layout.isUnified {
            return nil
        }
    }

    /// Writes values into a file of a controller, each with a `write(2)` of its own.
    ///
    /// - Throws: ENODEV, as if from the kernel, when no hierarchy has the controller.
    package func write(
        _ values: [String], to file: String, of controller: CgroupController
    ) throws(SystemCallError) {
        try CgroupFiles.write(values, to: try path(of: file, controller))
    }

    /// Writes a value into a file of a controller.
    ///
    /// - Throws: ENODEV, as if from the kernel, when no hierarchy has the controller.
    package func write(
        _ value: String, to file: String, of controller: CgroupController
    ) throws(SystemCallError) {
        try write([value], to: file, of: controller)
    }

    /// Reads a file of a controller.
    ///
    /// - Throws: ENODEV, as if from the kernel, when no hierarchy has the controller.
    package func read(
        _ file: String, of controller: CgroupController
    ) throws(SystemCallError) -> String {
        try CgroupFiles.read(try path(of: file, controller))
    }

    private func path(
        of file: String, _ controller: CgroupController
    ) throws(SystemCallError) -> FilePath {
        guard let directory = directory(for: controller) else {
            throw SystemCallError(
                call: "open", subject: file, errno: .operationNotSupportedByDevice)
        }
        return directory.appending(file)
    }

    /// Makes the directory and those above it.
    ///
    /// - Returns: whether the directory did not exist before.
    private func makeDirectories(
        in hierarchy: CgroupLayout.Hierarchy, inheritingCPUSet: Bool
    ) throws(SystemCallError) -> Bool {
        let directory = hierarchy.directory(of: path)
        // The parent is nearly always there: the first attempt is the directory itself.
        var outcome = try CgroupDirectory.make(directory)
        if outcome == .parentIsMissing {
            for ancestor in CgroupDirectory.ancestors(of: path, in: hierarchy) {
                _ = try CgroupDirectory.make(ancestor)
                if inheritingCPUSet { try inheritCPUSet(ancestor) }
            }
            outcome = try CgroupDirectory.make(directory)
        }
        if outcome == .parentIsMissing {
            throw SystemCallError(
                call: "mkdir", subject: directory.string, errno: .noSuchFileOrDirectory)
        }
        if inheritingCPUSet { try inheritCPUSet(directory) }
        return outcome == .made
    }

    /// Copies the parent's processors and memory nodes where the cgroup has none.
    private func inheritCPUSet(_ directory: FilePath) throws(SystemCallError) {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let own = try CgroupFiles.read(directory.appending(file))
            guard own.utf8.allSatisfy({ $0 == UInt8(ascii: "\n") }) else { continue }
            let parents = try CgroupFiles.read(directory.appending("..").appending(file))
            try CgroupFiles.write(parents, to: directory.appending(file))
        }
    }
}
