package import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// One entry of `mounts`, understood: what is mounted where, and how (config.md § Mounts).
package struct ContainerMount: Sendable, Equatable {
    /// The entry's place in the spec.
    package var index: Int
    /// Where, from the container's root, without `..`.
    package var destination: FilePath
    package var kind: Kind
    package var options: MountOptions
    /// The maps of a mount with mapped owners; nil for those of the container's user namespace.
    package var ownerMaps: OwnerMaps?

    /// What is mounted.
    package enum Kind: Sendable, Equatable {
        /// A file or directory of the host.
        case bind(source: FilePath, isRecursive: Bool)
        /// A file system of a type.
        case fileSystem(type: String, source: String)
        /// The container's view of its control groups.
        case cgroup
        /// Other flags for what is mounted there already.
        case remount(type: String, source: String)
    }

    /// Who the owners of files are inside, and who they are on the file system.
    package struct OwnerMaps: Sendable, Equatable {
        package var users: IDMap
        package var groups: IDMap
    }

    /// Understands an entry.
    ///
    /// - Parameters:
    ///   - mount: the entry.
    ///   - index: its place in the spec.
    ///   - bundle: where relative sources of bind mounts start.
    /// - Throws: ``Problem`` of kind `invalid` when the entry contradicts itself.
    package init(_ mount: RuntimeSpec.Mount, index: Int, bundle: FilePath) throws(Problem) {
        self.index = index
        options = MountOptions(mount.options)
        destination = Self.destination(of: mount)
        let isBind = options.isBind || mount.type == "bind"
        if options.flags.contains(.remount) {
            kind = .remount(type: mount.type ?? "", source: mount.source ?? "")
        } else if isBind {
            guard let source = mount.source else {
                throw Self.violation(mount, "a bind mount needs a source")
            }
            kind = .bind(
                source: bundle.pushing(FilePath(source)),
                isRecursive: options.flags.contains(.recursive))
        } else if mount.type == "cgroup" || mount.type == "cgroup2" {
            kind = .cgroup
        } else if let type = mount.type {
            kind = .fileSystem(type: type, source: mount.source ?? type)
        } else {
            throw Self.violation(mount, "it has neither a type nor the option \"bind\"")
        }
        if destination == "/", !options.flags.contains(.remount) {
            // Beneath it the root would be entered, which was there before.
            throw Self.violation(mount, "it is the container's root, which is root.path")
        }
        ownerMaps = try Self.ownerMaps(of: mount)
        if ownerMaps != nil, options.ownerMapping == nil { options.ownerMapping = .mount }
        if options.ownerMapping != nil, !isBind {
            throw Problem(
                kind: .unsupported, what: "cannot mount \(mount.destination) with mapped owners",
                why: "owners are mapped on bind mounts only",
                fix: "remove idmap and the mappings of the mount")
        }
    }

    /// Where an entry is mounted, from the container's root.
    ///
    /// Before version 1.2 a destination could be relative; it starts at the root then.
    static func destination(of mount: RuntimeSpec.Mount) -> FilePath {
        let path = FilePath(mount.destination)
        return (path.isAbsolute ? path : FilePath("/").pushing(path)).withoutDots
    }

    private static func ownerMaps(of mount: RuntimeSpec.Mount) throws(Problem) -> OwnerMaps? {
        switch (mount.uidMappings.isEmpty, mount.gidMappings.isEmpty) {
        case (true, true): return nil
        case (false, false):
            return OwnerMaps(users: IDMap(mount.uidMappings), groups: IDMap(mount.gidMappings))
        default:
            throw violation(mount, "it has only one of uidMappings and gidMappings")
        }
    }

    private static func violation(_ mount: RuntimeSpec.Mount, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot mount \(mount.destination)", why: why,
            fix: "correct mounts in config.json")
    }
}

extension IDMap {
    /// The ranges that the specification names.
    package init(_ mappings: [RuntimeSpec.IDMapping]) {
        self.init(
            mappings.map {
                Range(inside: $0.containerID, outside: $0.hostID, count: $0.size)
            })
    }
}

extension ContainerMount {
    /// Whether it becomes read-only only when everything below it is made.
    ///
    /// `/dev` and each tmpfs get device nodes and places for later mounts first.
    package var isFrozenLater: Bool {
        guard options.flags.contains(.readOnly) else { return false }
        switch kind {
        case .fileSystem("tmpfs", _): return true
        case .fileSystem, .bind: return destination == "/dev"
        case .cgroup, .remount: return false
        }
    }

    /// The destination below the rootfs, as a person on the host would type it.
    func shellTarget(_ rootfs: FilePath) -> String {
        rootfs.pushing(destination.removingRoot()).string
    }
}
