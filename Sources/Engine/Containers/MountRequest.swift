/// One `-v`, `--mount` or `--tmpfs`.
package struct MountRequest: Sendable, Equatable {
    package var kind: Kind
    /// The absolute path inside the container.
    package var target: String
    package var isReadOnly: Bool

    package init(kind: Kind, target: String, isReadOnly: Bool) {
        self.kind = kind
        self.target = target
        self.isReadOnly = isReadOnly
    }

    /// What is mounted.
    package enum Kind: Sendable, Equatable {
        /// A path of the host.
        case bind(BindRequest)
        /// A volume by name; nil is an anonymous one, which goes with the container.
        case volume(name: String?, isCopiedUp: Bool)
        case tmpfs(TmpfsRequest)
    }
}

/// A bind mount's source and options.
package struct BindRequest: Sendable, Equatable {
    /// The absolute path on the host.
    package var source: String
    /// `-v` makes a missing source a directory, `--mount` refuses it.
    package var createsSource: Bool
    /// `rprivate`, `private`, `rshared`, `shared`, `rslave` or `slave`; nil is `rprivate`.
    package var propagation: String?
    /// `bind-recursive=`.
    package var recursion = Recursion.enabled

    package init(source: String, createsSource: Bool) {
        self.source = source
        self.createsSource = createsSource
    }

    /// How far a bind mount reaches into mounts below its source.
    package enum Recursion: String, Sendable {
        /// Submounts are bound; read-only reaches them where the kernel can (`mount_setattr`).
        case enabled
        /// Submounts are left out.
        case disabled
        /// Submounts are bound and stay writable.
        case writable
        /// Submounts must become read-only too.
        case readonly
    }
}

/// A tmpfs mount's options.
package struct TmpfsRequest: Sendable, Equatable {
    /// `tmpfs-size`; nil leaves the kernel's default.
    package var sizeInBytes: Int64?
    /// `tmpfs-mode`; nil is 1777.
    package var mode: UInt32?
    /// `--tmpfs path:options`: further options of mount(8), such as `exec` or `uid=1`.
    package var options: [String] = []

    package init() {}
}
