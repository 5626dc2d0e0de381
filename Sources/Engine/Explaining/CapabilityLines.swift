import Diagnostics
import Linux
import OCI

/// Capabilities: each that it has, in plain words, and those of the usual ones that it lacks.
extension ContainerExplainer {
    func capabilityLines() throws(Problem) -> [ExplainedLine] {
        let sets = capabilitySets
        let known = Capability.allCases
        let held = known.filter { capability in sets.contains { $0.1.contains(capability) } }
        var lines = held.map { capability in
            let names = sets.filter { $0.1.contains(capability) }.map(\.0)
            let text = names.joined(separator: ", ")
            return ExplainedLine(
                capability.name, declared: isDeclared(capability) ? "granted" : nil,
                effective: process == nil ? nil : text, why: capability.power,
                origin: capabilityOrigin(capability), command: capabilityCommand(capability))
        }
        let usual = SecurityRequest.defaultCapabilities
        for capability in usual where !held.contains(capability) {
            lines.append(
                ExplainedLine(
                    capability.name, declared: "taken away",
                    effective: process == nil ? nil : "none", why: capability.power,
                    origin: capabilityOrigin(capability), command: capabilityCommand(capability)))
        }
        let never = known.filter { !held.contains($0) && !usual.contains($0) }
        if !never.isEmpty {
            lines.append(
                ExplainedLine(
                    "others", effective: process == nil ? nil : "none",
                    why: "never had: " + never.map(\.name).joined(separator: ", "),
                    origin: "default (--cap-add, --privileged)",
                    command: process.map { "grep Cap /proc/\($0.pid)/status" }
                        ?? "capsh --print"))
        }
        return lines
    }

    /// The sets of the process, or of the specification.
    private var capabilitySets: [(String, CapabilitySet)] {
        if let details = process?.details {
            return [
                ("effective", details.capabilities("CapEff")),
                ("permitted", details.capabilities("CapPrm")),
                ("inheritable", details.capabilities("CapInh")),
                ("bounding", details.capabilities("CapBnd")),
                ("ambient", details.capabilities("CapAmb")),
            ]
        }
        let declared = spec.process?.capabilities ?? .init()
        func set(_ names: [String]) -> CapabilitySet {
            CapabilitySet(names.compactMap { Capability(named: $0) })
        }
        return [
            ("effective", set(declared.effective)), ("permitted", set(declared.permitted)),
            ("inheritable", set(declared.inheritable)), ("bounding", set(declared.bounding)),
            ("ambient", set(declared.ambient)),
        ]
    }

    private func isDeclared(_ capability: Capability) -> Bool {
        spec.process?.capabilities?.bounding.contains(capability.name) ?? false
    }

    private func capabilityOrigin(_ capability: Capability) -> String {
        let security = request.security
        func names(_ list: [String]) -> String? {
            list.first { Capability(named: $0) == capability || $0.uppercased() == "ALL" }
        }
        if security.isPrivileged { return "--privileged" }
        let isHeld = isDeclared(capability)
        if isHeld, let added = names(security.addedCapabilities) { return "--cap-add \(added)" }
        if !isHeld, let dropped = names(security.droppedCapabilities) {
            return "--cap-drop \(dropped)"
        }
        if isHeld { return "default" }
        return "the engine does not have it itself"
    }

    private func capabilityCommand(_ capability: Capability) -> String {
        let name = capability.name.dropFirst("CAP_".count).lowercased()
        if let process { return "grep Cap /proc/\(process.pid)/status" }
        return "setpriv --bounding-set \(isDeclared(capability) ? "+" : "-")\(name)"
    }
}

extension Capability {
    /// What the kernel lets a process do that has it (capabilities(7)), in one sentence.
    package var power: String {
        switch self {
        case .chown: "give files to other users"
        case .dacOverride: "read, write and execute files whatever their permissions say"
        case .dacReadSearch: "read files and list directories whatever their permissions say"
        case .fowner: "change permissions and times of other users' files"
        case .fsetid: "keep set-user-ID bits on files that it changes"
        case .kill: "send signals to other users' processes"
        case .setgid: "become any group"
        case .setuid: "become any user"
        case .setpcap: "take capabilities out of what it can ever have"
        case .linuxImmutable: "make files immutable or append-only"
        case .netBindService: "listen on ports below 1024"
        case .netBroadcast: "send broadcasts (the kernel does not ask for it)"
        case .netAdmin: "set up interfaces, routes and firewall rules"
        case .netRaw: "send and read raw packets, as ping and tcpdump do"
        case .ipcLock: "lock memory so that it is never swapped out"
        case .ipcOwner: "use shared memory and semaphores of other users"
        case .sysModule: "load kernel modules: as good as the machine's root"
        case .sysRawio: "reach hardware ports and the machine's memory"
        case .sysChroot: "call chroot(2), and enter other mount namespaces"
        case .sysPtrace: "look into and change other processes"
        case .sysPacct: "switch process accounting on and off"
        case .sysAdmin: "mount, set up namespaces, and very much else: nearly root"
        case .sysBoot: "restart the machine, or load another kernel"
        case .sysNice: "raise priorities, choose processors and schedulers"
        case .sysResource: "go past quotas and raise resource limits"
        case .sysTime: "set the machine's clock"
        case .sysTtyConfig: "hang up terminals"
        case .mknod: "make device nodes"
        case .lease: "set leases on files of other users"
        case .auditWrite: "write to the kernel's audit log"
        case .auditControl: "change what the kernel audits"
        case .setfcap: "give capabilities to files"
        case .macOverride: "go past Smack's rules"
        case .macAdmin: "change the rules of security modules"
        case .syslog: "read and clear the kernel's log"
        case .wakeAlarm: "wake the machine from sleep at a time"
        case .blockSuspend: "keep the machine from sleeping"
        case .auditRead: "read the kernel's audit log"
        case .perfmon: "watch the whole machine's performance counters"
        case .bpf: "load programs into the kernel"
        case .checkpointRestore: "checkpoint and restore processes"
        }
    }
}
