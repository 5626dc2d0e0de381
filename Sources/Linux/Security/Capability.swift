/// A part of root's power (`capabilities(7)`); the raw value is the kernel's number.
package enum Capability: UInt8, Sendable, Hashable, CaseIterable {
    case chown, dacOverride, dacReadSearch, fowner, fsetid, kill, setgid, setuid, setpcap
    case linuxImmutable, netBindService, netBroadcast, netAdmin, netRaw, ipcLock, ipcOwner
    case sysModule, sysRawio, sysChroot, sysPtrace, sysPacct, sysAdmin, sysBoot, sysNice
    case sysResource, sysTime, sysTtyConfig, mknod, lease, auditWrite, auditControl, setfcap
    case macOverride, macAdmin, syslog, wakeAlarm, blockSuspend, auditRead, perfmon, bpf
    case checkpointRestore

    /// The kernel's name: "CAP_SYS_ADMIN".
    package var name: String { Self.names[Int(rawValue)] }

    /// Finds a name, with or without "CAP_", in any case; nil where there is none of it.
    package init?(named name: String) {
        // A comparison of lengths spares nearly all comparisons of texts.
        let count = name.utf8.count
        let exact = Self.names.firstIndex { $0.utf8.count == count && $0 == name }
        if let exact {
            self.init(rawValue: UInt8(exact))
            return
        }
        let upper = name.uppercased()
        let full = upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
        guard let index = Self.names.firstIndex(of: full) else { return nil }
        self.init(rawValue: UInt8(index))
    }

    private static let names = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
        "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
        "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE",
        "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
        "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ]
}

/// A set of capabilities: bit n is the capability with number n.
package struct CapabilitySet: Sendable, Hashable {
    /// The kernel's 64 bits; it may hold some that this program has no name for.
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package init(_ capabilities: some Sequence<Capability>) {
        rawValue = capabilities.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// Adds one.
    package mutating func insert(_ capability: Capability) {
        rawValue |= 1 << UInt64(capability.rawValue)
    }

    package func contains(_ capability: Capability) -> Bool {
        rawValue & 1 << UInt64(capability.rawValue) != 0
    }

    package func union(_ other: CapabilitySet) -> CapabilitySet {
        CapabilitySet(rawValue: rawValue | other.rawValue)
    }

    package func intersection(_ other: CapabilitySet) -> CapabilitySet {
        CapabilitySet(rawValue: rawValue & other.rawValue)
    }

    package func subtracting(_ other: CapabilitySet) -> CapabilitySet {
        CapabilitySet(rawValue: rawValue & ~other.rawValue)
    }

    package var isEmpty: Bool { rawValue == 0 }

    /// Those with a name, in the order of their numbers.
    package var members: [Capability] { Capability.allCases.filter { contains($0) } }
}
