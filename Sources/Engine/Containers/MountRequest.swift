/// One `-v`, `--mount` or `--tmpfs`.
package struct MountRequest: Sendable, Equatable {
    package var kind: Kind
    /// The absolute path inside the container.
    package var target: String
    package var isReadOnly: Bool
    /// Whether it is another container's mount (`--volumes-from`), which has no flag of its own.
    var isInherited = false

    package init(kind: Kind, target: String, isReadOnly: Bool) {
        self.kind = kind
        self.target = target
        self.isReadOnly = isReadOnly
    }

    /// What is mounted.
    package enum Kind: Sendable, Equatable {
        /// A path of the host.
        case bind(BindRequest)
        case volume(VolumeRequest)
        case tmpfs(TmpfsRequest)
        /// The files of an image, read-only.
        case image(ImageMountRequest)
    }
}

/// A volume, and what it is like when it has to be made.
package struct VolumeRequest: Sendable, Equatable {
    /// The volume's name; nil is an anonymous one, which goes with the container.
    package var name: String?
    /// Whether an empty volume gets what the image has there; `nocopy` says no.
    package var isCopiedUp = true
    /// `volume-subpath`: the file or directory of the volume that is mounted.
    package var subpath: String?
    /// `volume-driver` or `--volume-driver`; nil is `local`.
    package var driver: String?
    /// `owner=` and `volume-owner=`, as of a bind mount; see ``BindRequest/owner``.
    package var owner: String?
    /// `volume-label`.
    package var labels: [String: String] = [:]
    /// `volume-opt`.
    package var options: [String: String] = [:]

    package init(name: String?) {
        self.name = name
    }
}

/// An image whose files are mounted.
package struct ImageMountRequest: Sendable, Equatable {
    /// The image as the user wrote it.
    package var image: String
    /// `image-subpath`: the file or directory of the image that is mounted.
    package var subpath: String?

    package init(image: String) {
        self.image = image
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
    /// `owner=` and `bind-owner=`: `auto`, or a user of the image and perhaps a group, whom the
    /// files of the source's owner belong to inside; see ``OwnerSwap``.
    package var owner: String?
    /// `O`: what the container changes goes to a layer of this run above the source.
    package var isOverlaid = false

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
