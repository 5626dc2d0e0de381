import CLinux

/// How a system call filter is loaded; the raw values are the kernel's (seccomp(2)).
package struct SeccompLoadFlags: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// All of them; the generic initializer would look up conformances at run time.
    package init(arrayLiteral flags: SeccompLoadFlags...) {
        var bits: UInt32 = 0
        for flag in flags { bits |= flag.rawValue }
        rawValue = bits
    }

    /// Adds flags, for the same reason.
    package mutating func insert(_ flags: SeccompLoadFlags) {
        self = SeccompLoadFlags(rawValue: rawValue | flags.rawValue)
    }

    /// Whether all of some flags are among these.
    package func contains(_ flags: SeccompLoadFlags) -> Bool {
        rawValue & flags.rawValue == flags.rawValue
    }

    /// Every verdict but "allow" is logged (`SECCOMP_FILTER_FLAG_LOG`).
    package static let log = SeccompLoadFlags(rawValue: 1 << 1)
    /// Speculative store bypass stays on (`SECCOMP_FILTER_FLAG_SPEC_ALLOW`).
    package static let allowSpeculation = SeccompLoadFlags(rawValue: 1 << 2)
    /// The load returns a descriptor that gets notifications (`SECCOMP_FILTER_FLAG_NEW_LISTENER`).
    package static let newListener = SeccompLoadFlags(rawValue: 1 << 3)
    /// Only a fatal signal interrupts a notification that was received
    /// (`SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV`).
    package static let waitKillable = SeccompLoadFlags(rawValue: 1 << 5)
}

/// Puts the calling thread and all its descendants under a system call filter, for good.
///
/// The system call is `seccomp(2)`, `SECCOMP_SET_MODE_FILTER`. It needs CAP_SYS_ADMIN in the user
/// namespace or no_new_privs.
///
/// - Parameters:
///   - instructions: the filter, one `struct sock_filter` each; at most 4096 (`BPF_MAXINSNS`).
///   - flags: how it is loaded.
/// - Returns: the listener if the flags ask for one.
/// - Throws: EACCES without the right, EINVAL for a filter that the kernel does not accept, EBUSY
///   when another filter has a listener already.
package func loadSeccompFilter(
    _ instructions: [UInt64], flags: SeccompLoadFlags
) throws(SystemCallError) -> OwnedFD? {
    let result = try kernel("seccomp", "SECCOMP_SET_MODE_FILTER") {
        instructions.withUnsafeBufferPointer { instructions in
            clinux_seccomp_set_filter(
                flags.rawValue, UInt16(instructions.count), instructions.baseAddress)
        }
    }
    return flags.contains(.newListener) ? OwnedFD(adopting: result) : nil
}
