import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// `kade-runtime spec`: writes a `config.json` to start from, the same as runc's.
enum SpecCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.value("bundle", "b"), .flag("rootless")], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "spec")
        let file = FilePath(parsed.value("bundle") ?? ".").appending("config.json")
        let spec = try parsed.has("rootless") ? rootlessSpec() : defaultSpec
        do throws(SystemCallError) {
            try OwnedFD.open(
                file, [.writeOnly, .create, .exclusive],
                permissions: FilePermissions(rawValue: 0o666)
            ).writeAll(spec.json(.indented(spaces: 8)) + [UInt8(ascii: "\n")])
        } catch  where error.errno == .fileExists {
            throw Problem(
                kind: .conflict, what: "cannot write \(file)",
                why: "file config.json exists. Remove it first", fix: "remove it")
        } catch {
            throw Problem(what: "cannot write \(file)", refusal: error)
        }
        return 0
    }

    private static var defaultSpec: RuntimeSpec {
        let capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
        var spec = RuntimeSpec(ociVersion: "1.2.0")
        var process = RuntimeSpec.Process(cwd: "/")
        process.terminal = true
        process.args = ["sh"]
        process.env = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
        ]
        process.capabilities = RuntimeSpec.Capabilities(
            bounding: capabilities, effective: capabilities, permitted: capabilities)
        process.rlimits = [RuntimeSpec.Rlimit(type: .openFiles, hard: 1024, soft: 1024)]
        process.noNewPrivileges = true
        spec.process = process
        spec.root = RuntimeSpec.Root(path: "rootfs", readonly: true)
        spec.hostname = "kade"
        spec.mounts = mounts
        var linux = RuntimeSpec.Linux()
        linux.resources = RuntimeSpec.Resources(
            devices: [RuntimeSpec.DeviceRule(allow: false, access: "rwm")])
        linux.namespaces = [
            .init(type: .pid), .init(type: .network), .init(type: .ipc), .init(type: .uts),
            .init(type: .mount), .init(type: .cgroup),
        ]
        linux.maskedPaths = [
            "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
            "/proc/scsi",
        ]
        linux.readonlyPaths = [
            "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
        ]
        spec.linux = linux
        return spec
    }

    private static var mounts: [RuntimeSpec.Mount] {
        [
            .init(destination: "/proc", type: "proc", source: "proc"),
            .init(
                destination: "/dev", type: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            .init(
                destination: "/dev/pts", type: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            .init(
                destination: "/dev/shm", type: "tmpfs", source: "shm",
                options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            .init(
                destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
                options: ["nosuid", "noexec", "nodev"]),
            .init(
                destination: "/sys", type: "sysfs", source: "sysfs",
                options: ["nosuid", "noexec", "nodev", "ro"]),
            .init(
                destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
                options: ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        ]
    }

    /// The same for a user without privileges: a user namespace, no network of its own, no
    /// limits, and /sys as a bind (sysfs needs a network namespace).
    private static func rootlessSpec() -> RuntimeSpec {
        var spec = defaultSpec
        var linux = spec.linux ?? RuntimeSpec.Linux()
        linux.namespaces.removeAll { $0.type == .network || $0.type == .user }
        linux.namespaces.append(.init(type: .user))
        linux.uidMappings = [.init(containerID: 0, hostID: geteuid(), size: 1)]
        linux.gidMappings = [.init(containerID: 0, hostID: getegid(), size: 1)]
        linux.resources = nil
        spec.linux = linux
        spec.mounts = spec.mounts.filter { $0.destination != "/sys/fs/cgroup" }.map { mount in
            var mount = mount
            if mount.destination == "/sys" {
                mount.type = "none"
                mount.source = "/sys"
                mount.options = ["rbind", "nosuid", "noexec", "nodev", "ro"]
            }
            mount.options.removeAll { $0.hasPrefix("gid=") || $0.hasPrefix("uid=") }
            return mount
        }
        return spec
    }
}
