import CLinux
import SystemPackage

/// What a ruleset of Landlock is made of, as the kernel numbers it (landlock(7)).
package enum Landlock {
    /// The version of the kernel's interface; 0 where it has none, or has it switched off.
    ///
    /// The system call is `landlock_create_ruleset(2)`.
    package static func version() throws(SystemCallError) -> Int {
        do throws(SystemCallError) {
            return Int(
                try kernel("landlock_create_ruleset", "LANDLOCK_CREATE_RULESET_VERSION") {
                    clinux_landlock_version()
                })
        } catch  where error.errno == .noFunction || error.errno == .notSupported {
            return 0
        }
    }

    /// Kinds of access to files and directories (`LANDLOCK_ACCESS_FS_…`).
    package struct FileAccess: OptionSet, Sendable, Hashable {
        package let rawValue: UInt64
        package init(rawValue: UInt64) { self.rawValue = rawValue }

        package static let execute = FileAccess(rawValue: 1 << 0)
        package static let writeFile = FileAccess(rawValue: 1 << 1)
        package static let readFile = FileAccess(rawValue: 1 << 2)
        package static let readDirectory = FileAccess(rawValue: 1 << 3)
        package static let removeDirectory = FileAccess(rawValue: 1 << 4)
        package static let removeFile = FileAccess(rawValue: 1 << 5)
        package static let makeCharacterDevice = FileAccess(rawValue: 1 << 6)
        package static let makeDirectory = FileAccess(rawValue: 1 << 7)
        package static let makeFile = FileAccess(rawValue: 1 << 8)
        package static let makeSocket = FileAccess(rawValue: 1 << 9)
        package static let makeFifo = FileAccess(rawValue: 1 << 10)
        package static let makeBlockDevice = FileAccess(rawValue: 1 << 11)
        package static let makeSymbolicLink = FileAccess(rawValue: 1 << 12)
        /// To move or link a file into another directory.
        package static let refer = FileAccess(rawValue: 1 << 13)
        package static let truncate = FileAccess(rawValue: 1 << 14)
        /// `ioctl(2)` of a device that is opened.
        package static let controlDevice = FileAccess(rawValue: 1 << 15)

        /// Those that a file can have; the others are of directories.
        package static let ofFiles: FileAccess = [
            .execute, .writeFile, .readFile, .truncate, .controlDevice,
        ]

        /// The first version of the interface that has all of them.
        package var neededVersion: Int {
            contains(any: .controlDevice)
                ? 5 : contains(any: .truncate) ? 3 : contains(any: .refer) ? 2 : 1
        }

        private func contains(any other: FileAccess) -> Bool { !isDisjoint(with: other) }
    }

    /// Kinds of access to ports of TCP (`LANDLOCK_ACCESS_NET_…`), of version 4.
    package struct PortAccess: OptionSet, Sendable, Hashable {
        package let rawValue: UInt64
        package init(rawValue: UInt64) { self.rawValue = rawValue }

        package static let bind = PortAccess(rawValue: 1 << 0)
        package static let connect = PortAccess(rawValue: 1 << 1)
    }

    /// What does not reach processes that are not restricted (`LANDLOCK_SCOPE_…`), of version 6.
    package struct Scopes: OptionSet, Sendable, Hashable {
        package let rawValue: UInt64
        package init(rawValue: UInt64) { self.rawValue = rawValue }

        package static let abstractSockets = Scopes(rawValue: 1 << 0)
        package static let signals = Scopes(rawValue: 1 << 1)
    }

    /// Whose denials the kernel logs (`LANDLOCK_RESTRICT_SELF_LOG_…`), of version 7.
    package struct LogFlags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Not those of the program itself.
        package static let notOwn = LogFlags(rawValue: 1 << 0)
        /// Those of the programs that it executes, too.
        package static let newPrograms = LogFlags(rawValue: 1 << 1)
        /// Not those of restrictions that the program sets itself.
        package static let notInner = LogFlags(rawValue: 1 << 2)
    }
}

/// Rules that a process can put itself under; what they handle and do not allow is forbidden.
package struct LandlockRuleset: ~Copyable, Sendable {
    private let descriptor: OwnedFD

    /// Makes a ruleset without rules; the system call is `landlock_create_ruleset(2)`.
    package init(
        files: Landlock.FileAccess, ports: Landlock.PortAccess, scopes: Landlock.Scopes
    ) throws(SystemCallError) {
        descriptor = OwnedFD(
            adopting: try kernel("landlock_create_ruleset", "") {
                clinux_landlock_create_ruleset(files.rawValue, ports.rawValue, scopes.rawValue)
            })
    }

    /// Allows access to a file, or to everything beneath a directory.
    ///
    /// - Parameters:
    ///   - access: what is allowed, of what the ruleset handles.
    ///   - file: the file or directory; a handle (`O_PATH`) will do.
    /// - Throws: EINVAL for what the ruleset does not handle, and for a file to which rights of
    ///   directories are given.
    package borrowing func allow(
        _ access: Landlock.FileAccess, beneath file: borrowing OwnedFD
    ) throws(SystemCallError) {
        let (ruleset, file) = (descriptor.rawValue, file.rawValue)
        try kernel("landlock_add_rule", "LANDLOCK_RULE_PATH_BENEATH") {
            clinux_landlock_allow_beneath(ruleset, file, access.rawValue)
        }
    }

    /// Allows access to a port of TCP.
    package borrowing func allow(
        _ access: Landlock.PortAccess, to port: UInt16
    ) throws(SystemCallError) {
        let ruleset = descriptor.rawValue
        try kernel("landlock_add_rule", "LANDLOCK_RULE_NET_PORT") {
            clinux_landlock_allow_port(ruleset, port, access.rawValue)
        }
    }

    /// Puts the calling thread and what it will start under the rules, for good.
    ///
    /// The system call is `landlock_restrict_self(2)`; it needs no_new_privs, or CAP_SYS_ADMIN in
    /// the user namespace.
    package consuming func restrictSelf(_ flags: Landlock.LogFlags) throws(SystemCallError) {
        let ruleset = descriptor.rawValue
        try kernel("landlock_restrict_self", "") {
            clinux_landlock_restrict_self(ruleset, flags.rawValue)
        }
    }
}
