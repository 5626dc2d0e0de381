import Diagnostics
import Linux
import SystemPackage

/// Opens a bind mount's source in the runtime, and maps its owners (`MOUNT_ATTR_IDMAP`).
///
/// Init, in a user namespace, might reach neither the source nor the right to map. And a shared
/// bind mount has to be a peer of the host's mount, of which init may only have a slave.
struct PrepareMount: SetupStep {
    let mount: ContainerMount
    let situation: MountSituation

    var explanation: Explanation {
        guard case .bind(let source, _) = mount.kind else {
            preconditionFailure("only bind mounts are prepared")
        }
        if let namespace = situation.namespaceOfPeers(of: mount) {
            return Explanation(
                shell: "# open_tree(OPEN_TREE_CLONE) of \(source) in \(namespace)",
                why: "what the container mounts there is to appear on the host",
                spec: "mounts[\(mount.index)]")
        }
        guard let mapping = mount.options.ownerMapping else {
            return Explanation(
                shell: "exec {source}<\(source)",
                why: "the container's root may not reach \(source) itself",
                spec: "mounts[\(mount.index)]")
        }
        let maps = (mount.ownerMaps ?? situation.userNamespaceMaps)
        let users = maps?.users.ranges.map { "u:\($0.inside):\($0.outside):\($0.count)" } ?? []
        let groups = maps?.groups.ranges.map { "g:\($0.inside):\($0.outside):\($0.count)" } ?? []
        let text = (users + groups).joined(separator: " ")
        return Explanation(
            shell: "mount --\(mapping == .tree ? "rbind" : "bind") "
                + "-o X-mount.idmap='\(text)' \(source) $source",
            why: "files of \(source) belong to other users inside",
            spec: "mounts[\(mount.index)].uidMappings")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard case .bind(let source, let isRecursive) = mount.kind else { return }
        let prepared: PreparedMount
        if let namespace = situation.namespaceOfPeers(of: mount) {
            prepared = try inMountNamespace(namespace) { () throws(Problem) in
                try PreparedMount(mount: mount, source: source, isRecursive: isRecursive)
            }
        } else {
            prepared = try PreparedMount(mount: mount, source: source, isRecursive: isRecursive)
            try explaining("cannot prepare \(source) for \(mount.destination)") {
                () throws(SystemCallError) in
                // A clone made on the host is the host's peer; in init's namespace it would not be.
                try prepared.tree.descriptor.changeMount(
                    MountAttributeChange(propagation: situation.propagation.kind),
                    isRecursive: true)
            }
        }
        if let mapping = mount.options.ownerMapping { try map(prepared, mapping) }
        context.preparedMounts[mount.index] = prepared
    }

    private func map(
        _ prepared: PreparedMount, _ mapping: MountOptions.OwnerMapping
    ) throws(Problem) {
        guard let maps = mount.ownerMaps ?? situation.userNamespaceMaps else { return }
        do throws(SystemCallError) {
            let namespace = try UserNamespace.make(users: maps.users, groups: maps.groups)
            try prepared.tree.descriptor.mapMountOwners(
                by: namespace, isRecursive: mapping == .tree)
        } catch {
            throw Problem(
                kind: error.errno == .invalidArgument ? .unsupported : Problem.Kind(error.errno),
                what: "cannot map the owners of \(mount.destination)",
                why: "the kernel or the file system refuses: \(error)",
                fix: "use a file system that supports idmapped mounts (ext4, xfs, btrfs, tmpfs)",
                cause: error)
        }
    }
}
