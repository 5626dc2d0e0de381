import Diagnostics
import Linux
import OCI

/// Which device nodes may be opened and made: `linux.resources.devices` (config-linux.md § Allowed
/// Device list).
///
/// Version 1 keeps a list, written to `devices.deny` and `devices.allow`; version 2 asks an eBPF
/// program of type `BPF_PROG_TYPE_CGROUP_DEVICE`, attached at `BPF_CGROUP_DEVICE`. At first nothing
/// is allowed; the rules of the specification follow, of which later ones win; at last comes what
/// every container has: the default devices, terminals, and making nodes.
enum DeviceRules {
    static let field = "linux.resources.devices"

    static func steps(
        for rules: [RuntimeSpec.DeviceRule], in cgroup: Cgroup, on host: HostFacts
    ) throws(Problem) -> [any SetupStep] {
        // An ordinary user's container makes no device nodes, and what is forbidden anyway needs no
        // rule that the kernel would refuse.
        guard host.isPrivileged || !rules.isEmpty else { return [] }
        let all = try DeviceList(rules)
        switch cgroup.layout.version(of: .devices) {
        case .v1:
            return try legacySteps(for: all, in: cgroup, on: host)
        case .v2:
            if all.allowsEverything { return [] }  // as a cgroup without a program does
            return [
                AttachDeviceProgram(
                    cgroup: cgroup, list: all, mayBeRefused: !host.isPrivileged)
            ]
        case nil:
            // Only rules that someone wrote are worth an error.
            guard !rules.isEmpty else { return [] }
            throw .missingController(.devices, for: field)
        }
    }

    /// The same rules as properties of the container's unit, as far as systemd has words for them.
    ///
    /// systemd only knows what is allowed. A list that it cannot have leaves it without any, and
    /// the container's own program or list alone decides.
    static func unitProperties(for rules: [RuntimeSpec.DeviceRule]) throws(Problem)
        -> [UnitProperty]
    {
        let all = try DeviceList(rules)
        var entries: [DBusValue] = []
        let reduced: DeviceList.Reduced?
        do throws(Problem) { reduced = try all.reduced() } catch { reduced = nil }
        if let reduced, !reduced.allowsByDefault {
            entries = reduced.exceptions.compactMap(\.unitEntry)
            if entries.count < reduced.exceptions.count { entries = [] }
        }
        return [
            UnitProperty("DevicePolicy", .string(entries.isEmpty ? "auto" : "strict")),
            UnitProperty("DeviceAllow", .array(entries, of: "(ss)")),
        ]
    }

    private static func legacySteps(
        for list: DeviceList, in cgroup: Cgroup, on host: HostFacts
    ) throws(Problem) -> [any SetupStep] {
        // The kernel lets only root of the first user namespace write these two files.
        guard host.isPrivileged else {
            return [
                WarnStep(
                    text: "the kernel takes device rules from the machine's root alone: those of "
                        + "the cgroup above stay", spec: field)
            ]
        }
        let reduced = try list.reduced()
        let (reset, exceptions) =
            reduced.allowsByDefault
            ? ("devices.allow", "devices.deny") : ("devices.deny", "devices.allow")
        var steps = [
            WriteCgroupFile(
                cgroup, .devices, reset, "a", spec: field,
                why: reduced.allowsByDefault
                    ? "every device is allowed but those that follow"
                    : "no device is allowed but those that follow")
        ]
        if !reduced.exceptions.isEmpty {
            steps.append(
                WriteCgroupFile(
                    cgroup, .devices,
                    candidates: [
                        .init(
                            file: exceptions, values: reduced.exceptions.map(\.legacyText))
                    ], spec: field, why: "what may be opened (r, w) and made with mknod (m)"))
        }
        return steps
    }

    /// What every container may use, after the rules of the specification.
    static let defaults: [DeviceList.Rule] = [
        .init(allow: true, kind: .character, major: nil, minor: nil, access: .makeNode),
        .init(allow: true, kind: .block, major: nil, minor: nil, access: .makeNode),
        .init(allow: true, kind: .character, major: 1, minor: 3, access: .all),  // /dev/null
        .init(allow: true, kind: .character, major: 1, minor: 5, access: .all),  // /dev/zero
        .init(allow: true, kind: .character, major: 1, minor: 7, access: .all),  // /dev/full
        .init(allow: true, kind: .character, major: 1, minor: 8, access: .all),  // /dev/random
        .init(allow: true, kind: .character, major: 1, minor: 9, access: .all),  // /dev/urandom
        .init(allow: true, kind: .character, major: 5, minor: 0, access: .all),  // /dev/tty
        .init(allow: true, kind: .character, major: 5, minor: 2, access: .all),  // /dev/ptmx
        .init(allow: true, kind: .character, major: 136, minor: nil, access: .all),  // /dev/pts/*
    ]
}
