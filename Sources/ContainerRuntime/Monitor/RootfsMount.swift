package import Diagnostics
package import Linux
package import SystemPackage

extension MonitorConfiguration.RootfsMount {
    /// The overlay that it is, or for a directory its one layer.
    package var overlay: OverlayMount {
        OverlayMount(
            lower: lower.map { FilePath($0) }, upper: upper.map { FilePath($0) },
            work: work.map { FilePath($0) })
    }

    /// The mount in words.
    package func explanation(at target: FilePath) -> Explanation {
        if isDirectory {
            return Explanation(
                shell: "mount --rbind \(lower.first ?? "") \(target)",
                why: "the container's files are those of the directory", spec: "--rootfs")
        }
        if let copy {
            return Explanation(
                shell: "mount --bind \(copy) \(target)",
                why: "a copy of the image's layers that is the container's own: the storage driver"
                    + " is vfs",
                spec: "root.path")
        }
        var options = "lowerdir=\(lower.joined(separator: ":"))"
        if let upper { options += ",upperdir=\(upper)" }
        if let work { options += ",workdir=\(work)" }
        return Explanation(
            shell: "mount -t overlay overlay -o \(options) \(target)",
            why: "the image's layers below the container's own; only monitor and container see it"
                + (hasMappedOwners ? ", and their owners as uid_map says (MOUNT_ATTR_IDMAP)" : ""),
            spec: "root.path")
    }

    /// Mounts it.
    ///
    /// - Parameters:
    ///   - target: where.
    ///   - namespace: the container's user namespace; nil where it has none of its own.
    /// - Throws: the kernel's refusal.
    package func mount(
        at target: FilePath, for namespace: KeptUserNamespace?
    ) throws(SystemCallError) {
        let mapped = hasMappedOwners ? namespace : nil
        guard let directory = copy ?? (isDirectory ? lower.first : nil) else {
            guard let mapped, let root = mapped.maps.root else {
                return try overlay.mount(at: target)
            }
            return try overlay.mount(at: target, mappedBy: mapped.descriptor, root: root)
        }
        // What is mounted below a directory of the host belongs to the container's files, too.
        let mount = try DetachedMount(
            cloning: OwnedFD.open(FilePath(directory), [.path, .directory]),
            isRecursive: isDirectory)
        if let mapped {
            try mount.descriptor.mapMountOwners(by: mapped.descriptor, isRecursive: isDirectory)
        }
        try mount.attach(onto: target)
    }

    /// Tells a refusal to map the owners of its files from others.
    ///
    /// - Parameters:
    ///   - what: what was to be done.
    ///   - refusal: the kernel's.
    ///   - fix: what may be done about any other refusal.
    /// - Returns: the error to tell.
    package static func problem(
        _ what: String, _ refusal: SystemCallError, fix: String?
    ) -> Problem {
        guard refusal.call == "mount_setattr" else {
            return Problem(what: what, refusal: refusal, fix: fix)
        }
        let why =
            switch refusal.errno {
            case .invalidArgument: "the file system of its layers cannot show mapped owners"
            case .notPermitted: "this process may not map the owners of its layers"
            default: "the kernel does not map the owners of its layers"
            }
        return Problem(
            kind: .unsupported, what: what, why: why,
            fix: "keep Kade's data (--root) on ext4, XFS, Btrfs, F2FS or tmpfs, with Linux 5.19 or"
                + " newer; or leave --userns out",
            cause: refusal)
    }
}
