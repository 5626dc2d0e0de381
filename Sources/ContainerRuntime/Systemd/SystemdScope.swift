import Diagnostics

/// The transient systemd unit that is a container's cgroup: `linux.cgroupsPath` as
/// "slice:prefix:name" (runc's `--systemd-cgroup`).
package struct SystemdScope: Sendable, Equatable {
    /// The unit that it lies in: "system.slice".
    package let slice: String
    /// The unit: "prefix-name.scope".
    package let unit: String
    /// Whether the user's service manager keeps it, and not the machine's.
    package let isOfUser: Bool
    /// Its cgroup, from the root of each hierarchy.
    let cgroupPath: String

    /// Reads the path; without one the container is `kade-ID.scope` in the default slice.
    ///
    /// - Parameters:
    ///   - specified: `linux.cgroupsPath`.
    ///   - containerID: names the unit where the path does not.
    ///   - manager: who keeps the unit.
    /// - Throws: when the path has another form, or no slice has such a name.
    init(
        _ specified: String, containerID: String, manager: SystemdManagerFacts
    ) throws(Problem) {
        let parts =
            specified.isEmpty
            ? ["", "kade", containerID]
            : specified.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[2].isEmpty, !parts[2].hasSuffix(".slice"),
            !parts[1].contains("/"), !parts[2].contains("/")
        else {
            throw Problem(
                kind: .invalid, what: "cannot place the container in \(specified)",
                why: "with --systemd-cgroup linux.cgroupsPath is slice:prefix:name",
                fix: "set it to system.slice:kade:\(containerID)")
        }
        isOfUser = manager.isOfUser
        slice = parts[0].isEmpty ? (isOfUser ? "user.slice" : "system.slice") : parts[0]
        unit = "\(parts[1])-\(parts[2]).scope"
        guard let slicePath = Self.path(ofSlice: slice) else {
            throw Problem(
                kind: .invalid, what: "cannot place the container in \(specified)",
                why: "\"\(slice)\" is no name of a slice", fix: "name one: system.slice")
        }
        cgroupPath = manager.controlGroup + slicePath + "/" + unit
    }

    /// The place of a slice among all: hyphens separate the slices that it lies in
    /// (systemd.slice(5)), so "a-b.slice" is "/a.slice/a-b.slice", and "-.slice" the root.
    static func path(ofSlice slice: String) -> String? {
        guard slice.hasSuffix(".slice"), !slice.contains("/") else { return nil }
        let name = slice.dropLast(6)
        if name == "-" { return "" }
        var path = ""
        var prefix = ""
        for part in name.split(separator: "-", omittingEmptySubsequences: false) {
            guard !part.isEmpty else { return nil }
            path += "/\(prefix)\(part).slice"
            prefix += "\(part)-"
        }
        return path.isEmpty ? nil : path
    }
}

/// What a plan needs to know of the service manager that keeps the container's unit.
package struct SystemdManagerFacts: Sendable, Equatable {
    /// Whether it is a user's.
    package var isOfUser: Bool
    /// The cgroup below which its slices are, without a slash at its end: "" for the machine's.
    package var controlGroup: String
    /// systemd's version: 252.
    package var version: Int

    package init(isOfUser: Bool, controlGroup: String, version: Int) {
        self.isOfUser = isOfUser
        self.controlGroup = controlGroup
        self.version = version
    }

    /// Reads the two properties of `org.freedesktop.systemd1.Manager`.
    init(isOfUser: Bool, controlGroup: String, versionText: String) {
        let digits = versionText.drop { !$0.isNumber }.prefix { $0.isNumber }
        self.init(
            isOfUser: isOfUser,
            controlGroup: controlGroup.hasSuffix("/")
                ? String(controlGroup.dropLast()) : controlGroup,
            version: Int(digits) ?? 0)
    }
}
