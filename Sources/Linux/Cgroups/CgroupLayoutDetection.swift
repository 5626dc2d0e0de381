import CLinux
import SystemPackage

extension CgroupLayout {
    /// Finds the hierarchies of this machine.
    ///
    /// It reads `/proc/self/cgroup` and asks `statfs(2)` about the usual places below
    /// `/sys/fs/cgroup`; only where those do not fit does it read the mount table.
    ///
    /// - Throws: when `/proc/self/cgroup` cannot be read.
    package static func detect() throws(SystemCallError) -> CgroupLayout {
        let text = try CgroupFiles.read("/proc/self/cgroup")
        let root = FilePath("/sys/fs/cgroup")
        if clinux_is_cgroup2("/sys/fs/cgroup") == 1 {
            let own =
                unifiedPath(in: text)
                ?? parseMemberships(text).first { $0.names.isEmpty }?.path ?? "/"
            return CgroupLayout(hierarchies: [try unified(at: root, ownPath: own)])
        }
        let memberships = parseMemberships(text)
        var found: [Hierarchy] = []
        var mounts: [MountedHierarchy]?
        for membership in memberships {
            if let hierarchy = try usualPlace(of: membership, below: root) {
                found.append(hierarchy)
                continue
            }
            // Beside version 1, version 2 is there or nowhere: without a controller nobody misses
            // it, and the mount table of a busy machine is long.
            if membership.names.isEmpty, !found.isEmpty, mounts == nil { continue }
            if mounts == nil {
                mounts = parseMounts(try CgroupFiles.read("/proc/self/mountinfo"))
            }
            if let mount = mounts?.first(where: { $0.holds(membership) }) {
                found.append(try hierarchy(of: membership, at: mount.mountPoint))
            }
        }
        return CgroupLayout(hierarchies: found)
    }

    /// One line of `/proc/self/cgroup`: which hierarchy, and the process's cgroup in it.
    struct Membership: Equatable {
        /// The controllers or `name=…`; empty for version 2.
        var names: [String]
        var path: String
    }

    /// Reads `/proc/PID/cgroup`: lines of "4:memory:/user", "3:cpu,cpuacct:/", "0::/".
    static func parseMemberships(_ text: String) -> [Membership] {
        text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let parts = line.split(
                separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            return Membership(
                names: parts[1].split(separator: UInt8(ascii: ",")).map { String(Substring($0)) },
                path: String(Substring(parts[2])))
        }
    }

    /// The path of version 2 in `/proc/PID/cgroup`, whose line has no controllers: "0::/user".
    ///
    /// - Returns: nil where it is not the last line, at which the kernel has it.
    static func unifiedPath(in text: String) -> String? {
        let bytes = text.utf8
        var end = bytes.endIndex
        if bytes.last == UInt8(ascii: "\n") { end = bytes.index(before: end) }
        let start =
            bytes[..<end].lastIndex(of: UInt8(ascii: "\n")).map { bytes.index(after: $0) }
            ?? bytes.startIndex
        let line = bytes[start..<end]
        guard line.starts(with: "0::".utf8) else { return nil }
        return String(Substring(line.dropFirst(3)))
    }

    /// A mount of a cgroup file system, from `/proc/self/mountinfo`.
    struct MountedHierarchy: Equatable {
        var mountPoint: FilePath
        /// The super block's options, among them the controllers; empty for version 2.
        var options: [String]
        var version: CgroupVersion

        /// Whether this mount shows the hierarchy of a membership.
        func holds(_ membership: Membership) -> Bool {
            membership.names.isEmpty
                ? version == .v2
                : version == .v1 && membership.names.allSatisfy(options.contains)
        }
    }

    /// Reads the cgroup mounts out of a mount table (proc_pid_mountinfo(5)).
    static func parseMounts(_ text: String) -> [MountedHierarchy] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, dash > 4 else {
                return nil
            }
            let version: CgroupVersion
            switch fields[dash + 1] {
            case "cgroup": version = .v1
            case "cgroup2": version = .v2
            default: return nil
            }
            return MountedHierarchy(
                mountPoint: FilePath(String(fields[4])),
                options: version == .v2
                    ? [] : fields[dash + 3].split(separator: ",").map(String.init),
                version: version)
        }
    }

    private static func usualPlace(
        of membership: Membership, below root: FilePath
    ) throws(SystemCallError) -> Hierarchy? {
        guard let first = membership.names.first else {
            let place = root.appending("unified")
            guard clinux_is_cgroup2(place.string) == 1 else { return nil }
            return try hierarchy(of: membership, at: place)
        }
        let together = membership.names.dropFirst()
            .reduce(shortName(first)) { "\($0),\(shortName($1))" }
        for name in [together, shortName(first)] {
            let place = "\(root)/\(name)"
            if clinux_is_cgroup1(place) == 1 {
                return try hierarchy(of: membership, at: FilePath(place))
            }
        }
        return nil
    }

    /// The directory's name for a controller or a named hierarchy.
    private static func shortName(_ name: String) -> String {
        name.hasPrefix("name=") ? String(name.dropFirst(5)) : name
    }

    private static func hierarchy(
        of membership: Membership, at mountPoint: FilePath
    ) throws(SystemCallError) -> Hierarchy {
        guard let first = membership.names.first else {
            return try unified(at: mountPoint, ownPath: membership.path)
        }
        let kind: Kind =
            first.hasPrefix("name=")
            ? .named(shortName(first))
            : .controllers(membership.names.compactMap(CgroupController.init(rawValue:)))
        return Hierarchy(kind: kind, mountPoint: mountPoint, ownPath: membership.path)
    }

    private static func unified(
        at mountPoint: FilePath, ownPath: String
    ) throws(SystemCallError) -> Hierarchy {
        let names = try CgroupFiles.read(mountPoint.appending("cgroup.controllers"))
        return Hierarchy(
            kind: .unified(controllers(in: names)), mountPoint: mountPoint, ownPath: ownPath)
    }

    /// Reads `cgroup.controllers`: names with a space between them.
    static func controllers(in names: String) -> [CgroupController] {
        var found: [CgroupController] = []
        var rest = names.utf8[...]
        while let start = rest.firstIndex(where: { $0 > UInt8(ascii: " ") }) {
            rest = rest[start...]
            let end = rest.firstIndex { $0 <= UInt8(ascii: " ") } ?? rest.endIndex
            if let controller = CgroupController(unifiedName: String(Substring(rest[..<end]))) {
                found.append(controller)
            }
            rest = rest[end...]
        }
        return found
    }
}
