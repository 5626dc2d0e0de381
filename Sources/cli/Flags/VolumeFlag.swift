import Engine

/// `-v [SOURCE:]TARGET[:OPTIONS]`.
struct VolumeFlag: Equatable {
    /// The mount; a relative source is still relative.
    let request: MountRequest
    /// `z` or `Z`: the source is to get a label of SELinux that lets the container use it.
    let wantsRelabelling: Bool

    static func parse(_ text: String) throws(InvalidValue) -> VolumeFlag {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty }), parts.count < 3 || VolumeOptions.areOnes(parts[2])
        else {
            throw InvalidValue(
                "invalid volume specification: '\(text)'", fix: "write [SOURCE:]TARGET[:OPTIONS]")
        }
        let target = parts[parts.count == 1 ? 0 : 1]
        try MountTarget.check(target)
        var options = VolumeOptions()
        if parts.count == 3 { try options.read(parts[2]) }
        guard parts.count > 1 else {
            return VolumeFlag(
                request: .anonymousVolume(at: target), wantsRelabelling: false)
        }
        return VolumeFlag(
            request: MountRequest(
                kind: try kind(of: parts[0], options), target: target,
                isReadOnly: options.isReadOnly),
            wantsRelabelling: options.wantsRelabelling)
    }

    /// A path is bound, anything else names a volume.
    private static func kind(
        of source: String, _ options: VolumeOptions
    ) throws(InvalidValue) -> MountRequest.Kind {
        if source.hasPrefix("/") || source.hasPrefix(".") {
            guard !options.isNotCopiedUp else {
                throw InvalidValue("'nocopy' is for volumes, and \(source) is a path")
            }
            var bind = BindRequest(source: source, createsSource: true)
            bind.propagation = options.propagation
            bind.owner = options.owner
            bind.isOverlaid = options.isOverlaid
            guard !options.isOverlaid || options.propagation == nil else {
                throw InvalidValue("'O' does not go with a propagation")
            }
            return .bind(bind)
        }
        guard options.propagation == nil else {
            throw InvalidValue("a propagation is for paths, and \(source) is a volume's name")
        }
        guard !options.isOverlaid else {
            throw InvalidValue("'O' is for paths, and \(source) is a volume's name")
        }
        var volume = VolumeRequest(name: try VolumeName.check(source))
        volume.owner = options.owner
        volume.isCopiedUp = !options.isNotCopiedUp
        return .volume(volume)
    }
}

/// The options after the second colon of `-v`.
private struct VolumeOptions {
    var isReadOnly = false
    var isNotCopiedUp = false
    var wantsRelabelling = false
    var propagation: String?
    var owner: String?
    var isOverlaid = false

    /// Whether a text can be options: a colon is a part of an owner only.
    static func areOnes(_ text: String) -> Bool {
        text.split(separator: ",").allSatisfy { !$0.contains(":") || $0.hasPrefix("owner=") }
    }

    mutating func read(_ text: String) throws(InvalidValue) {
        var seen: Set<Substring> = []
        for option in text.split(separator: ",") {
            guard seen.insert(option).inserted else {
                throw InvalidValue("invalid mode: \(text): '\(option)' is there twice")
            }
            switch option {
            case "ro": isReadOnly = true
            case "rw": guard !isReadOnly else { throw InvalidValue("invalid mode: \(text)") }
            case "nocopy": isNotCopiedUp = true
            case "z", "Z": wantsRelabelling = true
            case "O": isOverlaid = true
            case "U":
                throw InvalidValue.unsupported(
                    "'U' would change the owners of files on the host",
                    fix: "owner=auto shows them as the container's user's, and changes nothing")
            case "consistent", "cached", "delegated": break  // hints for Docker Desktop's shares
            case let owner where owner.hasPrefix("owner="):
                self.owner = try BindOwner.check(String(owner.dropFirst(6)))
            default:
                guard MountPropagation.names.contains(String(option)) else {
                    throw InvalidValue("invalid mode: \(text)", fix: "ro, rw, nocopy, rslave, …")
                }
                propagation = String(option)
            }
        }
    }
}

/// The words for a mount's propagation (mount_namespaces(7)).
enum MountPropagation {
    static let names: Set<String> = [
        "shared", "rshared", "slave", "rslave", "private", "rprivate",
    ]
}

/// Whom the files of a bind mount belong to inside: `auto`, or `USER[:GROUP]` of the image.
enum BindOwner {
    static func check(_ text: String) throws(InvalidValue) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw InvalidValue("invalid owner: '\(text)'", fix: "auto, or a user, or user:group")
        }
        return text
    }
}

/// Where a mount appears inside the container.
enum MountTarget {
    static func check(_ path: String) throws(InvalidValue) {
        guard path.hasPrefix("/") else {
            throw InvalidValue("invalid mount path: '\(path)' mount path must be absolute")
        }
        guard path.split(separator: "/").contains(where: { $0 != "." && $0 != ".." }) else {
            throw InvalidValue("invalid specification: destination can't be '/'")
        }
    }
}

/// Names of volumes.
enum VolumeName {
    static func check(_ name: String) throws(InvalidValue) -> String {
        if let complaint = VolumeNames.complaint(about: name) {
            throw InvalidValue(complaint, fix: "a path of the host begins with / or .")
        }
        return name
    }
}
