import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// Mounts: each that the container sees, with the reason for it.
extension ContainerExplainer {
    func mountLines() throws(Problem) -> [ExplainedLine] {
        guard let process else { return try declaredMounts() }
        let table = try explaining("cannot look at the mounts of process \(process.pid)") {
            () throws(SystemCallError) in try MountTable.current(of: process.pid)
        }
        var lines = table.entries.map { entry in
            let reason = reason(for: entry)
            return ExplainedLine(
                entry.point.string, declared: reason.declared, effective: entry.words,
                why: reason.why, origin: reason.origin,
                command: "findmnt --task \(process.pid) --mountpoint '\(entry.point)'"
            ).drawn(as: reason.role, brief: entry.brief)
        }
        let seen = Set(table.entries.map(\.point.string))
        for mount in spec.mounts where !seen.contains(mount.destination) {
            let reason = reason(for: mount)
            lines.append(
                ExplainedLine(
                    mount.destination, declared: mount.words,
                    effective: "not mounted: unmounted inside, or hidden by another mount",
                    why: reason.why, origin: reason.origin,
                    command: "findmnt --task \(process.pid)"))
        }
        return lines
    }

    /// What a start will mount, in its order.
    private func declaredMounts() throws(Problem) -> [ExplainedLine] {
        let isCopied = try context.storageDriver(of: record) == .vfs
        let kind = isCopied ? "copy of the layers" : "overlay"
        let root = ExplainedLine(
            "/", declared: spec.root?.readonly == true ? "\(kind), read-only" : kind,
            why: isCopied ? Self.copyPurpose : Self.rootPurpose, origin: rootOrigin,
            command: isCopied
                ? "mount --bind \(context.configuration.bundle(of: record.id).copy) rootfs"
                : "mount -t overlay overlay -o lowerdir=…,upperdir=…,workdir=… rootfs")
        return [root]
            + spec.mounts.map { mount in
                let reason = reason(for: mount)
                return ExplainedLine(
                    mount.destination, declared: mount.words, why: reason.why,
                    origin: reason.origin, command: mount.shell
                ).drawn(as: nil, brief: mount.brief)
            }
            + (spec.linux?.maskedPaths ?? []).map { path in
                ExplainedLine(
                    path, declared: "hidden", why: Self.maskPurpose, origin: Self.maskOrigin,
                    command: Self.isDirectory(path)
                        ? "mount -t tmpfs -o ro,size=4k,nr_inodes=1 tmpfs rootfs\(path)"
                        : "mount --bind /dev/null rootfs\(path)"
                ).drawn(as: .hidden)
            }
            + (spec.linux?.readonlyPaths ?? []).map { path in
                ExplainedLine(
                    path, declared: "read-only", why: Self.lockPurpose, origin: Self.maskOrigin,
                    command: "mount --bind -o ro rootfs\(path) rootfs\(path)"
                ).drawn(as: .locked)
            }
    }

    /// Whether this machine has a directory of `/proc` or `/sys`; what it lacks nobody hides.
    private static func isDirectory(_ path: String) -> Bool {
        (try? FileStatus(ofLink: FilePath(path)))?.kind == .directory
    }

    /// Why there is a mount.
    struct MountReason {
        var declared: String?
        var why: String
        var origin: String
        var role: ExplainedRole?
    }

    private static let rootPurpose =
        "its root file system: the image's layers, read-only, below a layer of its own"
    private static let copyPurpose =
        "its root file system: a copy of the image's layers, which it writes to"
    private static let maskPurpose = "hidden: it tells too much of the machine"
    private static let lockPurpose = "read-only: writing there would change the machine"
    private static let maskOrigin = "default (--security-opt systempaths=unconfined shows all)"

    private var rootOrigin: String {
        request.security.isRootfsReadOnly
            ? "image \(record.image); --read-only" : "image \(record.image)"
    }

    private func reason(for entry: MountTable.Entry) -> MountReason {
        let point = entry.point.string
        if point == "/" {
            let isCopied = entry.type != "overlay" && record.request.rootfs == nil
            return MountReason(
                why: isCopied ? Self.copyPurpose : Self.rootPurpose, origin: rootOrigin)
        }
        if let mount = spec.mounts.last(where: { $0.destination == point }) {
            return reason(for: mount)
        }
        if spec.linux?.maskedPaths.contains(point) == true {
            return MountReason(
                declared: "hidden", why: Self.maskPurpose, origin: Self.maskOrigin, role: .hidden)
        }
        if spec.linux?.readonlyPaths.contains(point) == true {
            return MountReason(
                declared: "read-only", why: Self.lockPurpose, origin: Self.maskOrigin,
                role: .locked)
        }
        if point == "/dev/console" {
            return MountReason(
                declared: "the terminal", why: "the terminal that its program talks to",
                origin: "--tty")
        }
        if point.hasPrefix("/dev/"), entry.type == "devtmpfs" || entry.type == "tmpfs" {
            return MountReason(
                declared: "the machine's device",
                why: "a device node, bound because root of a user namespace can make none",
                origin: "default")
        }
        if let parent = spec.mounts.last(where: { point.hasPrefix($0.destination + "/") }) {
            return MountReason(
                why: parent.type == "cgroup"
                    ? "one of the hierarchies of cgroup version 1"
                    : "lies below \(parent.destination), and came with it or was mounted later",
                origin: reason(for: parent).origin,
                role: parent.type == "cgroup" ? .hierarchy : nil)
        }
        return MountReason(
            why: "nothing that was asked for: mounted inside, or by a hook", origin: "not Kade")
    }

    /// The reason for a mount of the specification.
    func reason(for mount: RuntimeSpec.Mount) -> MountReason {
        if let asked = request.mounts.last(where: { $0.target == mount.destination }) {
            return MountReason(
                declared: mount.words, why: asked.purpose, origin: origin(of: asked))
        }
        let known = Self.defaultMounts[mount.destination]
        var why = known?.why ?? "made for this container"
        var origin = known?.origin ?? "default"
        if mount.destination == "/dev/shm" {
            let size = request.resources.shmSizeInBytes ?? ResourceRequest.defaultShmSize
            if size != ResourceRequest.defaultShmSize { origin = "--shm-size \(size)" }
        }
        for secret in request.secrets {
            guard case .file(mount.destination, _, _, _) = secret.use else { continue }
            (why, origin) = ("a secret, as a file in memory", "--secret \(secret.secret)")
        }
        return MountReason(declared: mount.words, why: why, origin: origin)
    }

    private func origin(of mount: MountRequest) -> String {
        if mount.isInherited { return "--volumes-from" }
        if image?.volumes.names.contains(mount.target) == true {
            if case .volume(let volume) = mount.kind, volume.name == nil {
                return "image field Volumes: \(mount.target)"
            }
            if case .tmpfs = mount.kind, request.imageVolumes == .tmpfs {
                return "image field Volumes: \(mount.target); --image-volume tmpfs"
            }
        }
        let suffix = mount.isReadOnly ? ":ro" : ""
        return switch mount.kind {
        case .bind(let bind): "--volume \(bind.source):\(mount.target)\(suffix)"
        case .volume(let volume):
            "--volume \(volume.name.map { $0 + ":" } ?? "")\(mount.target)\(suffix)"
        case .tmpfs: "--tmpfs \(mount.target)"
        case .image(let image): "--mount type=image,source=\(image.image),target=\(mount.target)"
        }
    }

    private static let defaultMounts: [String: (why: String, origin: String)] = [
        "/proc": ("the processes of its PID namespace", "default"),
        "/dev": ("device nodes, few and its own", "default"),
        "/dev/pts": ("terminals of its own", "default"),
        "/dev/mqueue": ("the message queues of its IPC namespace", "default"),
        "/dev/shm": ("memory that its processes share by POSIX names", "default (--shm-size 64m)"),
        "/sys": ("the kernel's view of devices and networks", "default"),
        "/sys/fs/cgroup": ("its cgroups, for programs that look at their limits", "default"),
        "/etc/hosts": ("names of itself and of --add-host", "default (--add-host)"),
        "/etc/hostname": ("its host name", "default (--hostname)"),
        "/etc/resolv.conf": ("which name servers it asks", "default (--dns, --dns-search)"),
        "/etc/localtime": ("its time zone", "--tz"),
        "/sbin/docker-init": ("the small init that reaps for its program", "--init"),
    ]
}

extension MountRequest {
    /// What it is for.
    fileprivate var purpose: String {
        switch kind {
        case .bind(let bind):
            bind.isOverlaid
                ? "a directory of the machine, below a layer that goes with the run"
                : "a file or directory of the machine"
        case .volume(let volume):
            volume.name == nil
                ? "a volume without a name, which goes with the container"
                : "a volume, which outlives the container"
        case .tmpfs: "files in memory, gone with the run"
        case .image: "the files of another image"
        }
    }
}

extension RuntimeSpec.Mount {
    /// "tmpfs from shm (nosuid, size=64m)".
    var words: String {
        let options = options.isEmpty ? "" : " (\(options.joined(separator: ",")))"
        return "\(type ?? "bind") from \(source ?? "nothing")\(options)"
    }

    /// "tmpfs from shm", without its options.
    fileprivate var brief: String {
        "\(type ?? "bind") from \(source ?? "nothing")"
            + (options.contains("ro") ? ", read-only" : "")
    }

    /// The command that mounts it by hand.
    var shell: String {
        let flags = options.isEmpty ? "" : " -o \(options.joined(separator: ","))"
        let isBind = options.contains("bind") || options.contains("rbind")
        return isBind || type == "bind"
            ? "mount\(flags) \(source ?? "") rootfs\(destination)"
            : "mount -t \(type ?? "none")\(flags) \(source ?? "none") rootfs\(destination)"
    }
}

extension MountTable.Entry {
    /// "ext4 from /dev/vda, its /srv", without its options.
    fileprivate var brief: String {
        let isReadOnly = options.split(separator: ",").contains("ro")
        return "\(type) from \(source)" + (root == "/" ? "" : ", its \(root)")
            + (isReadOnly ? ", read-only" : "")
    }

    /// "overlay from overlay (rw,relatime)", with the part of a file system that is seen.
    fileprivate var words: String {
        let part = root == "/" ? "" : ", its \(root)"
        // The many layers of an overlay are told with the image.
        let system = type == "overlay" ? "" : "; \(fileSystemOptions)"
        return "\(type) from \(source)\(part) (\(options)\(system))"
    }
}
