import SystemPackage

/// Making a version 2 cgroup whose controllers are enabled in every ancestor.
///
/// cgroups(7) § "cgroups v2 subtree control": a controller acts on a cgroup only when its parent
/// names it in `cgroup.subtree_control`, and a parent other than the root may do so only when it
/// holds no process itself.
struct CgroupDelegation {
    let hierarchy: CgroupLayout.Hierarchy
    let path: String

    /// Makes the ancestors, enables the controllers from the top down, and makes the cgroup.
    ///
    /// - Returns: whether the cgroup did not exist before.
    func create(
        requiring required: [CgroupController], wanting wanted: [CgroupController]
    ) throws(SystemCallError) -> Bool {
        try enable(required, wanted, below: hierarchy.mountPoint)
        for ancestor in CgroupDirectory.ancestors(of: path, in: hierarchy) {
            _ = try CgroupDirectory.make(ancestor)
            try enable(required, wanted, below: ancestor)
        }
        return try CgroupDirectory.make(hierarchy.directory(of: path)) == .made
    }

    private func enable(
        _ required: [CgroupController], _ wanted: [CgroupController], below directory: FilePath
    ) throws(SystemCallError) {
        if required.isEmpty, wanted.isEmpty { return }
        let file = directory.appending("cgroup.subtree_control")
        let enabled = try CgroupFiles.read(file).split { $0 == " " || $0 == "\n" }
        let missing = (required + wanted.filter { !required.contains($0) }).filter { controller in
            !enabled.contains { $0 == controller.unifiedName ?? "" }
        }
        guard !missing.isEmpty else { return }
        do {
            try CgroupFiles.write(Self.words(missing), to: file)
        } catch {
            // One of them is refused, and the kernel does not say which: one at a time.
            for controller in missing {
                do {
                    try CgroupFiles.write(Self.words([controller]), to: file)
                } catch  where !required.contains(controller) {
                    continue  // the container lives without what nobody asked for
                }
            }
        }
    }

    private static func words(_ controllers: [CgroupController]) -> String {
        controllers.compactMap(\.unifiedName).map { "+\($0)" }.joined(separator: " ")
    }
}
