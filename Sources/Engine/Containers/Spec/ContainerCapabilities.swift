import Diagnostics
import Linux

/// The capabilities of a container: `--cap-add`, `--cap-drop` and `--privileged`.
extension SecurityRequest {
    /// Docker's default set, in its order.
    static let defaultCapabilities: [Capability] = [
        .chown, .dacOverride, .fsetid, .fowner, .mknod, .netRaw, .setgid, .setuid, .setfcap,
        .setpcap, .netBindService, .sysChroot, .kill, .auditWrite,
    ]

    /// The capabilities that a container gets: the default set, what the flags make of it, and of
    /// that what the engine has itself.
    ///
    /// `ALL` works as in Docker: added, it means all but the dropped ones; dropped, only the added
    /// ones.
    func capabilities(on host: SpecHost) throws(Problem) -> [String] {
        let known = Capability.allCases.filter { host.has($0) }
        if isPrivileged { return known.map(\.name) }
        let added = try Self.parse(addedCapabilities, host)
        let dropped = try Self.parse(droppedCapabilities, host)
        let addsAll = addedCapabilities.contains { $0.uppercased() == "ALL" }
        let dropsAll = droppedCapabilities.contains { $0.uppercased() == "ALL" }
        if let missing = added.first(where: { !host.has($0) }) {
            throw Problem(
                kind: .denied, what: "cannot add capability \(missing.name)",
                why: "the engine does not have it itself", fix: "leave out --cap-add for it")
        }
        var result: [Capability]
        switch (addsAll, dropsAll) {
        case (true, _): result = known.filter { !dropped.contains($0) }
        case (false, true): result = added
        case (false, false):
            result = Self.defaultCapabilities.filter { !dropped.contains($0) }
            result += added.filter { !result.contains($0) }
        }
        return result.filter { host.has($0) }.map(\.name)
    }

    private static func parse(
        _ names: [String], _ host: SpecHost
    ) throws(Problem) -> [Capability] {
        var result: [Capability] = []
        for name in names where name.uppercased() != "ALL" {
            guard let capability = Capability(named: name),
                Int(capability.rawValue) <= host.lastCapability
            else {
                throw Problem(
                    kind: .invalid, what: "invalid capability: \"\(name)\"",
                    why: "the kernel has none of this name",
                    fix: "capabilities(7) lists all, such as NET_ADMIN")
            }
            if !result.contains(capability) { result.append(capability) }
        }
        return result
    }
}
