package import Diagnostics
package import Linux
package import OCI

/// Where a container's cgroup is, and the steps that make it and put the container into it.
///
/// runtime-spec, config-linux.md § Cgroups Path. An absolute path counts from the root of each
/// hierarchy; so do a relative one and, without a path, the container's identifier. With version 2
/// alone these two count for an ordinary user from the parent of the runtime's own cgroup, as in
/// runc: there delegation may give rights, and no process forbids to enable controllers.
package struct CgroupPlacement: Sendable {
    /// The container's cgroup.
    package let cgroup: Cgroup
    /// The systemd unit that the cgroup is, where systemd makes it.
    package let scope: SystemdScope?
    /// Whether the container's first process is born into its version 2 cgroup by
    /// `CLONE_INTO_CGROUP` (Linux 5.7), instead of being moved.
    package let isBornIntoCgroup: Bool
    /// Whether the first process moves itself, which is faster: root does, as long as its user
    /// namespace is the host's.
    private let entersItself: Bool
    private let resources: RuntimeSpec.Resources
    private let host: HostFacts
    private let isOptional: Bool

    /// Finds the place.
    ///
    /// - Parameters:
    ///   - linux: the specification's Linux part.
    ///   - containerID: names the cgroup where the specification does not.
    ///   - host: the machine.
    /// - Throws: when the path is none, or is systemd's "slice:prefix:name" and systemd is not to
    ///   make the cgroup.
    package init(
        for linux: RuntimeSpec.Linux?, containerID: String, on host: HostFacts
    ) throws(Problem) {
        let specified = linux?.cgroupsPath ?? ""
        scope = try host.systemd.map { manager throws(Problem) in
            try SystemdScope(specified, containerID: containerID, manager: manager)
        }
        let path = try Self.path(of: scope, from: specified, containerID: containerID)
        let isPlaced = scope != nil || specified.hasPrefix("/")
        cgroup = Cgroup(
            layout: host.cgroups, path: isPlaced ? path : Self.delegatedParent(on: host) + path)
        resources = linux?.resources ?? RuntimeSpec.Resources()
        self.host = host
        let needed = ResourceLimits.controllers(for: resources)
        isBornIntoCgroup =
            scope == nil && host.kernel >= KernelVersion(major: 5, minor: 7)
            && cgroup.usesUnified(requiring: needed)
        let hasOwnUser = (linux?.namespaces ?? []).contains { $0.type == .user }
        // An ordinary user who asks for no limit gets a container without a cgroup of its own.
        let mayLackCgroup = host.mayLackCgroup ?? !host.isPrivileged
        isOptional =
            scope == nil && mayLackCgroup && needed.isEmpty && linux?.cgroupsPath == nil
        entersItself =
            scope == nil && host.isPrivileged && !isOptional && !hasOwnUser
            && !cgroup.layout.isUnified
    }

    /// Whether the cgroup is made while the first process makes its mounts, which then enters it.
    ///
    /// Nine hierarchies of version 1 take as long as the process's new namespaces.
    var isMadeBesideInit: Bool { entersItself && !isBornIntoCgroup }

    /// The steps that make the cgroup and set its limits, before the container's first process is
    /// born into it, or at least before it enters.
    ///
    /// - Throws: when a value is wrong, or when the machine cannot keep a limit.
    package func prepareSteps() throws(Problem) -> [any SetupStep] {
        if scope != nil { return [] }
        let make = MakeCgroup(
            cgroup: cgroup, required: ResourceLimits.controllers(for: resources),
            opensDirectory: isBornIntoCgroup, isOptional: isOptional)
        if isOptional { return [make] }
        return [make] + (try ResourceLimits.steps(for: resources, in: cgroup, on: host))
    }

    /// The steps of the container's first process; none where it is moved or born there.
    package func settleSteps() -> [any SetupStep] {
        guard entersItself, !cgroup.layout.hierarchies.isEmpty else { return [] }
        return [EnterCgroup(cgroup: cgroup, isInUnified: isBornIntoCgroup)]
    }

    /// The steps beside the container's first process; none where it is born into its cgroup, or
    /// enters it.
    ///
    /// A unit of systemd is made around a process that exists: it and the limits come here.
    ///
    /// - Parameter annotations: the container's, which may set properties of its unit.
    /// - Returns: the steps.
    /// - Throws: when a value is wrong, or when the machine cannot keep a limit.
    package func attendSteps(
        annotations: [String: String]
    ) throws(Problem) -> [any SetupStep] {
        if let scope {
            let start = StartScope(
                scope: scope, cgroup: cgroup,
                properties: try unitProperties(of: scope, annotations: annotations),
                required: ResourceLimits.controllers(for: resources))
            return [start] + (try ResourceLimits.steps(for: resources, in: cgroup, on: host))
        }
        if entersItself { return [] }
        if isBornIntoCgroup, cgroup.layout.isUnified { return [] }
        if cgroup.layout.hierarchies.isEmpty { return [] }
        return [JoinCgroup(cgroup: cgroup, isInUnified: isBornIntoCgroup)]
    }

    /// What systemd is told of the unit: runc's properties in runc's order.
    private func unitProperties(
        of scope: SystemdScope, annotations: [String: String]
    ) throws(Problem) -> [UnitProperty] {
        let isVersion1 = host.cgroups.version(of: .blockIO) == .v1
        let accounting = ["Memory", "CPU", isVersion1 ? "BlockIO" : "IO", "Tasks"]
        return [
            UnitProperty("Description", .string("container \(scope.unit)")),
            UnitProperty("Slice", .string(scope.slice)),
            UnitProperty("Delegate", .boolean(true)),
        ] + accounting.map { UnitProperty("\($0)Accounting", .boolean(true)) }
            + [UnitProperty("DefaultDependencies", .boolean(false))]
            + (try UnitPropertyAnnotation.properties(of: annotations))
            + (try ResourceLimits.unitProperties(
                for: resources, in: cgroup, version: host.systemd?.version ?? 0,
                isRunning: false))
    }

    private static func path(
        of scope: SystemdScope?, from specified: String, containerID: String
    ) throws(Problem) -> String {
        if let scope { return scope.cgroupPath }
        return try path(from: specified, containerID: containerID)
    }

    /// Where an ordinary user may make cgroups, if anywhere: beside the runtime's own.
    private static func delegatedParent(on host: HostFacts) -> String {
        guard !host.isPrivileged, host.cgroups.isUnified, let unified = host.cgroups.unified else {
            return ""
        }
        let parent = unified.ownPath.split(separator: "/").dropLast()
        return parent.map { "/" + $0 }.joined()
    }

    /// The path from each hierarchy's root.
    static func path(from specified: String, containerID: String) throws(Problem) -> String {
        // An identifier is a single name: RuntimeRoot.check.
        if specified.isEmpty { return "/\(containerID)" }
        let isAbsolute = specified.hasPrefix("/")
        let colons = specified.count { $0 == ":" }
        if !isAbsolute, colons == 2 {
            throw Problem(
                kind: .unsupported, what: "cannot place the container in \(specified)",
                why: "slice:prefix:name asks for a unit of systemd",
                fix: "use --systemd-cgroup, or a path: /kade/\(containerID)")
        }
        let parts = specified.split(separator: "/").filter { $0 != "." }
        guard !parts.contains(".."), !parts.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot place the container in \(specified)",
                why: "linux.cgroupsPath must name a cgroup below the root, without \"..\"",
                fix: "set it to a path: /kade/\(containerID)")
        }
        return parts.reduce("") { "\($0)/\($1)" }
    }
}
