package import Diagnostics
package import OCI
import SystemPackage

/// The rules of the runtime specification that a configuration must keep.
///
/// Every violation is a ``Problem`` of kind `.invalid` that names the field. What the types of
/// ``OCI/RuntimeSpec`` exclude already (an unknown namespace, a negative uid) is not repeated here.
package enum SpecValidation {
    /// Checks a configuration before anything is made from it.
    package static func check(_ spec: RuntimeSpec) throws(Problem) {
        try checkVersion(spec.ociVersion)
        guard let root = spec.root else {
            throw violation("root", "is missing", fix: "set root.path")
        }
        guard !root.path.isEmpty else { throw violation("root.path", "is empty") }
        if let process = spec.process {
            try check(process, field: "process")
        }
        try checkMounts(spec.mounts)
        try checkHooks(spec.hooks)
        try checkNames(spec)
        if let linux = spec.linux { try check(linux) }
        if let handler = spec.annotations["run.oci.handler"] {
            throw Problem(
                kind: .unsupported,
                what: "config.json: the annotation run.oci.handler is \(handler)",
                why:
                    "this runtime runs programs of the kernel's own kind, and has no other handlers",
                fix: "remove the annotation, or use crun with \(handler)")
        }
        if spec.vm != nil {
            throw Problem(
                kind: .unsupported, what: "config.json: vm is set",
                why: "this runtime makes containers, not virtual machines", fix: "remove vm")
        }
    }

    /// Checks a process, of a container or of `exec`.
    package static func check(
        _ process: RuntimeSpec.Process, field: String
    ) throws(Problem) {
        guard !process.args.isEmpty, !process.args[0].isEmpty else {
            throw violation("\(field).args", "must name a program")
        }
        guard process.cwd.hasPrefix("/") else {
            throw violation(
                "\(field).cwd", "must be an absolute path, and is \"\(process.cwd)\"")
        }
        try check(process.user, field: "\(field).user")
        for (index, text) in (process.args + process.env).enumerated()
        where text.utf8.contains(0) {
            throw violation("\(field).args or env [\(index)]", "holds a zero byte")
        }
        for (index, limit) in process.rlimits.enumerated() {
            guard !process.rlimits[..<index].contains(where: { $0.type == limit.type }) else {
                throw violation(
                    "\(field).rlimits[\(index)]", "sets \(limit.type.rawValue) a second time")
            }
            guard limit.soft <= limit.hard else {
                throw violation(
                    "\(field).rlimits[\(index)]",
                    "has a soft limit of \(limit.soft) above the hard one of \(limit.hard)")
            }
        }
        if let score = process.oomScoreAdj, !(-1000...1000).contains(score) {
            throw violation("\(field).oomScoreAdj", "must be -1000 to 1000, and is \(score)")
        }
        if let priority = process.ioPriority, !(0...7).contains(priority.priority) {
            throw violation(
                "\(field).ioPriority.priority", "must be 0 to 7, and is \(priority.priority)")
        }
        try checkScheduler(process.scheduler, field: field)
    }

    /// Refuses the number that leaves a process who it is: here that is root.
    private static func check(_ user: RuntimeSpec.User, field: String) throws(Problem) {
        for (name, numbers) in [
            ("uid", [user.uid]), ("gid", [user.gid]), ("additionalGids", user.additionalGids),
        ] where numbers.contains(.max) {
            throw Problem(
                kind: .invalid, what: "\(field).\(name) must not be \(UInt32.max)",
                why: "it stands for nobody: setresuid(2) and setresgid(2) change nothing then",
                fix: "use a number below it")
        }
    }

    private static func checkVersion(_ version: String) throws(Problem) {
        var (major, minor, dots, digits) = (0, 0, 0, 0)
        var isVersion = true
        // SemVer: what follows "-" and "+" are pre-release and build.
        for byte in version.utf8.prefix(while: {
            $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+")
        }) {
            let digit = Int(byte) - Int(UInt8(ascii: "0"))
            switch byte {
            case UInt8(ascii: "."):
                isVersion = isVersion && digits > 0
                (dots, digits) = (dots + 1, 0)
            case UInt8(ascii: "0")...UInt8(ascii: "9") where digits < 9:
                if dots == 0 { major = major * 10 + digit }
                if dots == 1 { minor = minor * 10 + digit }
                digits += 1
            default: isVersion = false
            }
        }
        guard isVersion, dots == 2, digits > 0 else {
            throw violation("ociVersion", "must be a version like 1.2.0, and is \"\(version)\"")
        }
        guard major == 1, minor <= 3 else {
            throw Problem(
                kind: .unsupported, what: "config.json: ociVersion is \(version)",
                why: "this runtime knows versions 1.0 to 1.3 of the runtime specification",
                fix: "make the bundle for one of those")
        }
    }

    private static func checkScheduler(
        _ scheduler: RuntimeSpec.Scheduler?, field: String
    ) throws(Problem) {
        guard let scheduler else { return }
        if let nice = scheduler.nice, !(-20...19).contains(nice) {
            throw violation("\(field).scheduler.nice", "must be -20 to 19, and is \(nice)")
        }
        let isRealTime = scheduler.policy == .fifo || scheduler.policy == .roundRobin
        if let priority = scheduler.priority, priority != 0, !isRealTime {
            throw violation(
                "\(field).scheduler.priority",
                "is for SCHED_FIFO and SCHED_RR, and the policy is \(scheduler.policy.rawValue)")
        }
        let hasDeadline =
            (scheduler.runtime ?? 0) != 0 || (scheduler.deadline ?? 0) != 0
            || (scheduler.period ?? 0) != 0
        if hasDeadline, scheduler.policy != .deadline {
            throw violation(
                "\(field).scheduler", "sets runtime, deadline or period without SCHED_DEADLINE")
        }
    }

    private static func checkMounts(_ mounts: [RuntimeSpec.Mount]) throws(Problem) {
        for (index, mount) in mounts.enumerated() {
            guard !mount.destination.isEmpty else {
                throw violation("mounts[\(index)].destination", "is empty")
            }
            guard mount.uidMappings.isEmpty == mount.gidMappings.isEmpty else {
                throw violation(
                    "mounts[\(index)]", "must have both uidMappings and gidMappings, or neither")
            }
        }
    }

    private static func checkHooks(_ hooks: RuntimeSpec.Hooks?) throws(Problem) {
        guard let hooks else { return }
        let lists = [
            ("prestart", hooks.prestart), ("createRuntime", hooks.createRuntime),
            ("createContainer", hooks.createContainer), ("startContainer", hooks.startContainer),
            ("poststart", hooks.poststart), ("poststop", hooks.poststop),
        ]
        for (name, list) in lists {
            for (index, hook) in list.enumerated() {
                guard hook.path.hasPrefix("/") else {
                    throw violation(
                        "hooks.\(name)[\(index)].path", "must be absolute, and is \"\(hook.path)\"")
                }
                if let timeout = hook.timeout, timeout <= 0 {
                    throw violation(
                        "hooks.\(name)[\(index)].timeout", "must be above 0, and is \(timeout)")
                }
            }
        }
    }

    private static func checkNames(_ spec: RuntimeSpec) throws(Problem) {
        let hasNames = spec.linux?.namespaces.contains { $0.type == .uts } ?? false
        guard !hasNames, spec.hostname != nil || spec.domainname != nil else { return }
        throw violation(
            spec.hostname != nil ? "hostname" : "domainname",
            "is set without a uts namespace: it would be the host's",
            fix: "add {\"type\": \"uts\"} to linux.namespaces")
    }

    private static func check(_ linux: RuntimeSpec.Linux) throws(Problem) {
        let namespaces = linux.namespaces
        try checkNamespaces(namespaces)
        let hasMaps = !linux.uidMappings.isEmpty || !linux.gidMappings.isEmpty
        let user = linux.namespaces.first { $0.type == .user }
        if hasMaps, user == nil {
            throw violation(
                "linux.uidMappings", "is set without a user namespace",
                fix: "add {\"type\": \"user\"} to linux.namespaces")
        }
        if let user, user.path == nil, linux.uidMappings.isEmpty || linux.gidMappings.isEmpty {
            throw violation(
                "linux.uidMappings and gidMappings", "must be set for a new user namespace")
        }
        if !linux.timeOffsets.isEmpty, !namespaces.contain(.time) {
            throw violation("linux.timeOffsets", "is set without a time namespace")
        }
        for name in linux.timeOffsets.keys where name != "monotonic" && name != "boottime" {
            throw violation("linux.timeOffsets.\(name)", "is no clock of a time namespace")
        }
        for name in linux.sysctl.keys.sorted() { try checkSysctl(name, namespaces) }
        try checkAbsolute(linux.maskedPaths, field: "linux.maskedPaths")
        try checkAbsolute(linux.readonlyPaths, field: "linux.readonlyPaths")
        if let path = linux.cgroupsPath, path.split(separator: "/").contains("..") {
            throw violation("linux.cgroupsPath", "must not have \"..\" in it, and is \"\(path)\"")
        }
        if let personality = linux.personality, !personality.flags.isEmpty {
            throw violation("linux.personality.flags", "must be empty: the spec defines none")
        }
        try checkNetDevices(linux)
    }

    private static func checkAbsolute(_ paths: [String], field: String) throws(Problem) {
        for (index, path) in paths.enumerated() where !path.hasPrefix("/") {
            throw violation("\(field)[\(index)]", "must be absolute, and is \"\(path)\"")
        }
    }

    private static func checkNamespaces(
        _ namespaces: [RuntimeSpec.Namespace]
    ) throws(Problem) {
        for (index, namespace) in namespaces.enumerated() {
            guard !namespaces[..<index].contains(where: { $0.type == namespace.type }) else {
                throw violation(
                    "linux.namespaces[\(index)]",
                    "lists a second \(namespace.type.rawValue) namespace")
            }
            if let path = namespace.path, !path.hasPrefix("/") {
                throw violation(
                    "linux.namespaces[\(index)].path", "must be absolute, and is \"\(path)\"")
            }
        }
    }

    /// Kernel parameters that no namespace of the container keeps apart would be the host's.
    private static func checkSysctl(
        _ name: String, _ namespaces: [RuntimeSpec.Namespace]
    ) throws(Problem) {
        let path = KernelParameter.path(of: name)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw violation("linux.sysctl", "names \"\(name)\", which is no path below /proc/sys")
        }
        let interprocess: Set<String> = [
            "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem", "kernel/shmall",
            "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced",
        ]
        let needed: RuntimeSpec.Namespace.Kind
        switch path {
        case "kernel/domainname": needed = .uts
        case "kernel/hostname":
            throw violation("linux.sysctl.\(name)", "must be set as hostname")
        case _ where path.hasPrefix("net/"): needed = .network
        case _ where path.hasPrefix("user/"): needed = .user
        case _ where interprocess.contains(path) || path.hasPrefix("fs/mqueue/"): needed = .ipc
        default:
            throw violation(
                "linux.sysctl.\(name)", "belongs to no namespace: it would change the host",
                fix: "set it on the host, with sysctl(8)")
        }
        guard namespaces.contain(needed) else {
            throw violation(
                "linux.sysctl.\(name)",
                "needs a \(needed.rawValue) namespace: it would change the host",
                fix: "give the container a \(needed.rawValue) namespace of its own")
        }
    }

    private static func checkNetDevices(_ linux: RuntimeSpec.Linux) throws(Problem) {
        guard !linux.netDevices.isEmpty else { return }
        guard linux.namespaces.contain(.network) else {
            throw violation(
                "linux.netDevices", "is set without a network namespace to move devices into",
                fix: "add {\"type\": \"network\"} to linux.namespaces")
        }
        for (name, device) in linux.netDevices.sorted(by: { $0.key < $1.key }) {
            for text in [name, device.name ?? name] where !isDeviceName(text) {
                throw violation(
                    "linux.netDevices.\(name)",
                    "has \"\(text)\", which no network device is called",
                    fix: "use 1 to 15 bytes without blanks, / and :")
            }
        }
    }

    /// What the kernel takes (`dev_valid_name`).
    private static func isDeviceName(_ name: String) -> Bool {
        (1...15).contains(name.utf8.count) && name != "." && name != ".."
            && !name.contains { $0 == "/" || $0 == ":" || $0.isWhitespace }
    }

    private static func violation(
        _ field: String, _ message: String, fix: String? = nil
    ) -> Problem {
        Problem(
            kind: .invalid, what: "config.json: \(field) \(message)",
            why: "the runtime specification forbids it", fix: fix)
    }
}

extension [RuntimeSpec.Namespace] {
    /// Whether one of a kind is listed.
    fileprivate func contain(_ kind: RuntimeSpec.Namespace.Kind) -> Bool {
        contains { $0.type == kind }
    }
}
