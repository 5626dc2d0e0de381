import CLinux

/// What a new process shares with its parent and what it gets anew (clone(2)).
package struct CloneFlags: OptionSet, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// All of them; the generic initializer would look up conformances at run time.
    package init(arrayLiteral flags: CloneFlags...) {
        var bits: UInt64 = 0
        for flag in flags { bits |= flag.rawValue }
        rawValue = bits
    }

    /// Adds flags, for the same reason.
    package mutating func insert(_ flags: CloneFlags) {
        self = CloneFlags(rawValue: rawValue | flags.rawValue)
    }

    /// Whether all of some flags are among these.
    package func contains(_ flags: CloneFlags) -> Bool {
        rawValue & flags.rawValue == flags.rawValue
    }

    /// These flags and others.
    package func union(_ flags: CloneFlags) -> CloneFlags {
        CloneFlags(rawValue: rawValue | flags.rawValue)
    }

    /// `CLONE_NEWTIME`; only through `unshare(2)`: a clone would freeze the clocks' offsets.
    package static var newTime: CloneFlags { CloneFlags(rawValue: 0x80) }
    /// `CLONE_PIDFD`; ``clone(_:intoCgroup:)`` always sets it.
    package static var pidfd: CloneFlags { CloneFlags(rawValue: 0x1000) }
    /// `CLONE_PARENT`: the new process is a sibling, not a child.
    package static var parent: CloneFlags { CloneFlags(rawValue: 0x8000) }
    /// `CLONE_NEWNS`.
    package static var newMount: CloneFlags { CloneFlags(rawValue: 0x20000) }
    /// `CLONE_NEWCGROUP`.
    package static var newCgroup: CloneFlags { CloneFlags(rawValue: 0x200_0000) }
    /// `CLONE_NEWUTS`.
    package static var newUTS: CloneFlags { CloneFlags(rawValue: 0x400_0000) }
    /// `CLONE_NEWIPC`.
    package static var newIPC: CloneFlags { CloneFlags(rawValue: 0x800_0000) }
    /// `CLONE_NEWUSER`.
    package static var newUser: CloneFlags { CloneFlags(rawValue: 0x1000_0000) }
    /// `CLONE_NEWPID`.
    package static var newPID: CloneFlags { CloneFlags(rawValue: 0x2000_0000) }
    /// `CLONE_NEWNET`.
    package static var newNetwork: CloneFlags { CloneFlags(rawValue: 0x4000_0000) }
}

/// On which side of a clone the program goes on.
package enum CloneResult: ~Copyable {
    /// In the new process.
    case child
    /// In the process that asked, with its new child.
    case parent(ChildProcess)
}

/// Makes a process that goes on at the same place, as `fork(2)` does (clone3(2)).
///
/// Only for programs without threads: the child runs Swift code on a copy of all memory. It ends
/// with `_exit(2)` or `execve(2)` and returns nowhere else.
///
/// - Parameters:
///   - flags: new namespaces, and `CLONE_PARENT`.
///   - cgroup: a cgroup v2 directory that the process is born into (`CLONE_INTO_CGROUP`).
/// - Returns: which of the two processes this is.
/// - Throws: ``SystemCallError`` when the kernel makes no process.
package func clone(
    _ flags: CloneFlags, intoCgroup cgroup: borrowing OwnedFD?
) throws(SystemCallError) -> CloneResult {
    let cgroupDescriptor: CInt =
        switch cgroup {
        case .some(let descriptor): descriptor.rawValue
        case .none: -1
        }
    // Without an exit signal of its own a sibling takes its parent's (clone3 refuses another).
    let exitSignal: CInt = flags.contains(.parent) ? 0 : Signal.child.rawValue
    var pidfd: CInt = -1
    let pid = try kernel("clone3", "a new process") {
        clinux_clone3(flags.union(.pidfd).rawValue, exitSignal, cgroupDescriptor, &pidfd)
    }
    if pid == 0 { return .child }
    return .parent(ChildProcess(id: CInt(pid), descriptor: OwnedFD(adopting: pidfd)))
}
