package import Diagnostics
import Linux
package import OCI
import SystemPackage

/// Changes the limits of a container that exists: `update`.
package enum Update {
    /// Writes the changed limits, and keeps them for later changes.
    ///
    /// - Parameters:
    ///   - id: the container.
    ///   - change: the limits that change.
    ///   - schemata: lines for its resctrl group, of cache ("L3:…") and bandwidth ("MB:…").
    ///   - root: where the container's state is.
    /// - Returns: what could not be had, and is lived without.
    /// - Throws: ``Problem`` after the limits so far have been written again.
    package static func run(
        _ id: String, _ change: RuntimeSpec.Resources, schemata: Schemata, in root: RuntimeRoot
    ) throws(Problem) -> [String] {
        let directory = try root.container(id)
        let state = try directory.loadState()
        let status = try State.status(of: state, in: directory, asksFreezer: false)
        guard status == .created || status == .running else {
            throw Problem(
                kind: .conflict, what: "cannot update container \(id)",
                why: "container not running", fix: "start it first")
        }
        guard let cgroup = try State.cgroup(of: state) else {
            throw Problem(
                kind: .unsupported, what: "cannot update container \(id)",
                why: "the container has no cgroup of its own")
        }
        var spec = try directory.loadConfiguration()
        let recorded = spec.linux?.resources ?? .init()
        var context = SetupContext(
            containerID: id, bundle: FilePath(state.bundle), rootfs: FilePath(state.rootfs))
        if !change.devices.isEmpty, change.devices != recorded.devices {
            context.warn("update changes no rules of devices")
        }
        let completed = change.completed(from: recorded)
        let steps = try ResourceLimits.updateSteps(for: completed, in: cgroup)
        do throws(Problem) {
            try enableControllers(of: completed, in: cgroup)
            try setUnit(state.unit, to: completed, in: cgroup)
            for step in steps { try step.run(in: &context) }
            try write(schemata, of: &spec, containerID: id)
        } catch {
            throw takeBack(to: recorded, in: cgroup, unit: state.unit, &context, after: error)
        }
        var linux = spec.linux ?? .init()
        linux.resources = recorded.changed(by: change)
        spec.linux = linux
        try directory.replaceConfiguration(spec)
        return context.warnings.map(\.text)
    }

    /// New lines for a container's resctrl group.
    package struct Schemata: Sendable, Equatable {
        package var l3Cache: String?
        package var memoryBandwidth: String?

        package init(l3Cache: String?, memoryBandwidth: String?) {
            self.l3Cache = l3Cache
            self.memoryBandwidth = memoryBandwidth
        }
    }

    private static func write(
        _ schemata: Schemata, of spec: inout RuntimeSpec, containerID id: String
    ) throws(Problem) {
        guard schemata != Schemata(l3Cache: nil, memoryBandwidth: nil) else { return }
        guard let linux = spec.linux,
            let group = try ResourceControlGroup(of: linux, containerID: id)
        else {
            throw Problem(
                kind: .unsupported, what: "cannot change the schemata of container \(id)",
                why: "it was made without linux.intelRdt, and has no resctrl group",
                fix: "set linux.intelRdt when it is made")
        }
        try group.write([schemata.l3Cache, schemata.memoryBandwidth].compactMap { $0 })
        if let schema = schemata.l3Cache { spec.linux?.intelRdt?.l3CacheSchema = schema }
        if let schema = schemata.memoryBandwidth { spec.linux?.intelRdt?.memBwSchema = schema }
    }

    /// Version 2 has a limit's files only where its controller is enabled.
    private static func enableControllers(
        of resources: RuntimeSpec.Resources, in cgroup: Cgroup
    ) throws(Problem) {
        guard cgroup.layout.isUnified else { return }
        do {
            _ = try cgroup.create(
                requiring: ResourceLimits.controllers(for: resources), wanting: [])
        } catch {
            throw Problem(cgroup: "cannot enable the controllers of \(cgroup.path)", error)
        }
    }

    /// Tells systemd of limits, which it would take back when it applies the unit again.
    ///
    /// The files are written after it: systemd knows not all limits, and rounds some.
    private static func setUnit(
        _ unit: RuntimeState.Unit?, to resources: RuntimeSpec.Resources, in cgroup: Cgroup
    ) throws(Problem) {
        guard let unit else { return }
        var manager = try SystemdManager.reach(isOfUser: unit.isOfUser)
        let properties = try ResourceLimits.unitProperties(
            for: resources, in: cgroup,
            version: manager.facts(isOfUser: unit.isOfUser).version, isRunning: true)
        guard !properties.isEmpty else { return }
        try manager.set(properties, of: unit.name)
    }

    /// Writes the limits so far again.
    ///
    /// - Returns: the failure, with what could not be written.
    private static func takeBack(
        to recorded: RuntimeSpec.Resources, in cgroup: Cgroup, unit: RuntimeState.Unit?,
        _ context: inout SetupContext, after failure: Problem
    ) -> Problem {
        var problem = failure
        do throws(Problem) {
            try setUnit(unit, to: recorded, in: cgroup)
            for step in try ResourceLimits.updateSteps(for: recorded, in: cgroup) {
                try step.run(in: &context)
            }
        } catch {
            problem.why += "; and the limits so far could not be written again: \(error)"
        }
        return problem
    }
}
