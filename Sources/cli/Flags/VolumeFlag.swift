import Engine

/// `-v [SOURCE:]TARGET[:OPTIONS]`.
struct VolumeFlag: Equatable {
    /// The mount; a relative source is still relative.
    let request: MountRequest
    /// `z` or `Z`: the source is to get a label of SELinux that lets the container use it.
    let wantsRelabelling: Bool

    static func parse(_ text: String) throws(InvalidValue) -> VolumeFlag {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
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
            return .bind(bind)
        }
        guard options.propagation == nil else {
            throw InvalidValue("a propagation is for paths, and \(source) is a volume's name")
        }
        var volume = VolumeRequest(name: try VolumeName.check(source))
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
            case "consistent", "cached", "delegated": break  // hints for Docker Desktop's shares
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
