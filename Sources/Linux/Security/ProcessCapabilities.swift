import CLinux
import SystemPackage

/// The three capability sets of a process that `capset(2)` sets.
package struct ProcessCapabilities: Sendable, Equatable {
    /// What the kernel checks now.
    package var effective: CapabilitySet
    /// What can be made effective.
    package var permitted: CapabilitySet
    /// What a program with inheritable file capabilities gets.
    package var inheritable: CapabilitySet

    package init(
        effective: CapabilitySet, permitted: CapabilitySet, inheritable: CapabilitySet
    ) {
        self.effective = effective
        self.permitted = permitted
        self.inheritable = inheritable
    }

    /// Asks for a process's; 0 is the caller.
    ///
    /// The system call is `capget(2)`.
    package init(of process: CInt) throws(SystemCallError) {
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        try kernel("capget", "process \(process)") {
            clinux_capget(process, &effective, &permitted, &inheritable)
        }
        self.init(
            effective: CapabilitySet(rawValue: effective),
            permitted: CapabilitySet(rawValue: permitted),
            inheritable: CapabilitySet(rawValue: inheritable))
    }

    /// Gives them to the calling process.
    ///
    /// The system call is `capset(2)`.
    package func apply() throws(SystemCallError) {
        try kernel("capset", "this process") {
            clinux_capset(effective.rawValue, permitted.rawValue, inheritable.rawValue)
        }
    }
}

/// The set that bounds what `execve(2)` may grant.
package enum BoundingSet {
    /// The highest number that the kernel knows (`cap_last_cap`).
    ///
    /// It asks about the middle of what is left, which costs less than to open the file in `/proc`.
    package static func lastCapability() -> Int {
        var (known, unknown) = (0, 64)
        while unknown - known > 1 {
            let middle = (known + unknown) / 2
            if clinux_prctl(23, UInt64(middle), 0, 0, 0) >= 0 {  // PR_CAPBSET_READ
                known = middle
            } else {
                unknown = middle
            }
        }
        return known
    }

    /// The calling process's (`prctl(2)`, `PR_CAPBSET_READ`).
    package static func current() throws(SystemCallError) -> CapabilitySet {
        var bits: UInt64 = 0
        for number in UInt64(0)..<64 {
            do throws(SystemCallError) {
                let isIn = try kernel("prctl", "PR_CAPBSET_READ \(number)") {
                    clinux_prctl(23, number, 0, 0, 0)
                }
                if isIn == 1 { bits |= 1 << number }
            } catch  where error.errno == .invalidArgument {
                break  // the kernel knows no capability with this number or a higher one
            }
        }
        return CapabilitySet(rawValue: bits)
    }

    /// Takes a capability, by its number, out of the calling process's (`PR_CAPBSET_DROP`).
    package static func drop(number: Int) throws(SystemCallError) {
        try kernel("prctl", "PR_CAPBSET_DROP \(number)") {
            clinux_prctl(24, UInt64(number), 0, 0, 0)
        }
    }
}

/// The set that survives `execve(2)` of a program without file capabilities.
package enum AmbientSet {
    /// Adds a capability, which must be permitted and inheritable (`PR_CAP_AMBIENT_RAISE`).
    package static func raise(_ capability: Capability) throws(SystemCallError) {
        try kernel("prctl", "PR_CAP_AMBIENT_RAISE \(capability.name)") {
            clinux_prctl(47, 2, UInt64(capability.rawValue), 0, 0)
        }
    }

    /// Empties it (`PR_CAP_AMBIENT_CLEAR_ALL`).
    package static func clear() throws(SystemCallError) {
        try kernel("prctl", "PR_CAP_AMBIENT_CLEAR_ALL") { clinux_prctl(47, 4, 0, 0, 0) }
    }
}

/// How user 0 and capabilities hang together (`capabilities(7)`, "securebits").
package struct SecureBits: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// `SECBIT_NOROOT`: being user 0 grants nothing on `execve(2)`.
    package static let noRoot = SecureBits(rawValue: 1 << 0)
    /// `SECBIT_NO_SETUID_FIXUP`: changing the user changes no capabilities.
    package static let noSetUserIDFixup = SecureBits(rawValue: 1 << 2)
    /// `SECBIT_KEEP_CAPS`: giving up user 0 keeps what is permitted.
    package static let keepCapabilities = SecureBits(rawValue: 1 << 4)

    /// Sets them for the calling process (`prctl(2)`, `PR_SET_SECUREBITS`).
    package func apply() throws(SystemCallError) {
        try kernel("prctl", "PR_SET_SECUREBITS") { clinux_prctl(28, rawValue, 0, 0, 0) }
    }
}
