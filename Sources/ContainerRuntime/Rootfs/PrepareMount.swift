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
        if let mapping = mount.options.ownerMapping { try map(prepared, mapping, of: source) }
        context.preparedMounts[mount.index] = prepared
    }

    private func map(
        _ prepared: PreparedMount, _ mapping: MountOptions.OwnerMapping, of source: FilePath
    ) throws(Problem) {
        guard let maps = mount.ownerMaps ?? situation.userNamespaceMaps else { return }
        do throws(SystemCallError) {
            let namespace = try UserNamespace.make(users: maps.users, groups: maps.groups)
            try prepared.tree.descriptor.mapMountOwners(
                by: namespace, isRecursive: mapping == .tree)
        } catch {
            throw problem(error, mapping, of: source)
        }
    }

    private func problem(
        _ refusal: SystemCallError, _ mapping: MountOptions.OwnerMapping, of source: FilePath
    ) -> Problem {
        let what = "cannot map the owners of \(mount.destination)"
        guard refusal.call == "mount_setattr" else { return Problem(what: what, refusal: refusal) }
        // Where the table tells nothing the message has one word less.
        let type = try? MountTable.current().entry(holding: source)?.type
        let place = "\(source)\(mapping == .tree ? " or a mount below it" : "")"
        switch refusal.errno {
        case .invalidArgument:
            return Problem(
                kind: .unsupported, what: what,
                why: "the file system of \(place) cannot show mapped owners"
                    + (type.map { " (\(source) lies on \($0))" } ?? ""),
                fix: "use one that can: ext4, XFS, FAT (Linux 5.12), Btrfs, NTFS (5.15), F2FS "
                    + "(5.18), EROFS (5.19), squashfs (6.2), tmpfs (6.3), CephFS (6.7)",
                cause: refusal)
        case .notPermitted:
            return Problem(
                kind: .denied, what: what,
                why: "\(place) shows mapped owners already, or this process may not map them",
                fix: "mount the directory below the mapping, as root", cause: refusal)
        case .noFunction:
            return Problem(
                kind: .unsupported, what: what,
                why: "mounts with mapped owners (mount_setattr(2)) came with Linux 5.12",
                fix: "use a newer kernel", cause: refusal)
        default: return Problem(what: what, refusal: refusal)
        }
    }
}
