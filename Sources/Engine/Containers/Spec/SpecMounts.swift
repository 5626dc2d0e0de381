import Linux
import OCI
import SystemPackage

/// The mounts of a container: Docker's default ones, and the request's in the order of depth.
extension SpecBuilder {
    /// `/proc` and `/sys` files that tell too much of the host.
    static let maskedPaths = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
        "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]

    /// `/proc` files that change the host.
    static let readOnlyPaths = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]

    /// All mounts, in the order to make them.
    func mounts(_ options: SecurityOptions) -> [RuntimeSpec.Mount] {
        var list = defaultMounts(options)
        if let program = input.initProgram {
            list.append(
                .init(
                    destination: "/sbin/docker-init", type: "bind", source: program.string,
                    options: ["bind", "ro"]))
        }
        list += deviceMounts
        let requested = input.mounts
        let taken = Set(requested.map { Self.normalized($0.target) })
        for file in input.networkFiles where !taken.contains(file.target) {
            list.append(mount(file))
        }
        // A default of the same place gives way, as in Docker; parents come before what is in them.
        list.removeAll { taken.contains($0.destination) }
        let sorted = requested.enumerated().sorted { left, right in
            let depths = (Self.depth(left.element.target), Self.depth(right.element.target))
            return depths.0 == depths.1 ? left.offset < right.offset : depths.0 < depths.1
        }
        list += sorted.map { mount($0.element) }
        return list
    }

    private func defaultMounts(_ options: SecurityOptions) -> [RuntimeSpec.Mount] {
        let isPrivileged = request.security.isPrivileged
        let plain = ["nosuid", "noexec", "nodev"]
        let access = isPrivileged ? [] : ["ro"]
        let cgroupAccess = isPrivileged || options.hasWritableCgroups ? [] : ["ro"]
        var list: [RuntimeSpec.Mount] = [
            .init(destination: "/proc", type: "proc", source: "proc", options: plain),
            .init(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            .init(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: [
                    "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
                ] + (hasTerminalGroup ? ["gid=5"] : [])),
            .init(destination: "/sys", type: "sysfs", source: "sysfs", options: plain + access),
            .init(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: cgroupAccess + plain),
        ]
        // It shows the queues of the IPC namespace, also of the host's, which need not mount it.
        list.append(
            .init(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: plain))
        if request.namespaces.ipc == .host {
            list.append(
                .init(
                    destination: "/dev/shm", type: "bind", source: "/dev/shm",
                    options: ["rbind"] + plain))
        } else if let shared = input.sharedMemory {
            list.append(
                .init(
                    destination: "/dev/shm", type: "bind", source: shared.string,
                    options: ["rbind", "rprivate"] + plain))
        } else if request.namespaces.ipc != .none {
            let size = request.resources.shmSizeInBytes ?? ResourceRequest.defaultShmSize
            list.append(
                .init(
                    destination: "/dev/shm", type: "tmpfs", source: "shm",
                    options: plain + ["mode=1777", "size=\(size)"]))
        }
        return list
    }

    /// Whether the container's user namespace has the group 5, which terminals belong to.
    private var hasTerminalGroup: Bool {
        request.namespaces.userMaps.map { $0.groups.outside(5) != nil }
            ?? input.host.hasTerminalGroup
    }

    private func mount(_ mount: ResolvedMount) -> RuntimeSpec.Mount {
        switch mount.source {
        case .bind(let path, let propagation, let recursion):
            var options = [recursion == .disabled ? "bind" : "rbind", propagation]
            if mount.isReadOnly {
                switch recursion {
                case .enabled, .readonly: options += ["ro", "rro"]
                case .disabled, .writable: options.append("ro")
                }
            }
            guard let owners = mount.owners else {
                return .init(
                    destination: mount.target, type: "bind", source: path, options: options)
            }
            options.append(recursion == .disabled ? "idmap" : "ridmap")
            return .init(
                destination: mount.target, type: "bind", source: path, options: options,
                uidMappings: owners.uidMappings, gidMappings: owners.gidMappings)
        case .tmpfs(let request):
            var options = ["noexec", "nosuid", "nodev"]
            for option in request.options { options = Self.adding(option, to: options) }
            if let size = request.sizeInBytes { options.append("size=\(size)") }
            if let mode = request.mode { options.append("mode=\(String(mode, radix: 8))") }
            if mount.isReadOnly { options.append("ro") }
            return .init(
                destination: mount.target, type: "tmpfs", source: "tmpfs", options: options)
        }
    }

    /// An option takes the place of its opposite: `exec` of `noexec`.
    private static func adding(_ option: String, to options: [String]) -> [String] {
        let opposite = option.hasPrefix("no") ? String(option.dropFirst(2)) : "no" + option
        return options.filter { $0 != opposite && $0 != option } + [option]
    }

    private static func depth(_ path: String) -> Int {
        path.split(separator: "/").count
    }

    private static func normalized(_ path: String) -> String {
        "/" + path.split(separator: "/").joined(separator: "/")
    }
}
