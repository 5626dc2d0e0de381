import Diagnostics
import Linux

/// A step that has systemd make the container's cgroup: a transient scope around its first process.
struct StartScope: SetupStep {
    let scope: SystemdScope
    let cgroup: Cgroup
    /// All but the process.
    let properties: [UnitProperty]
    /// The controllers that the container's limits need.
    let required: [CgroupController]

    var explanation: Explanation {
        let words =
            ["systemd-run", "--scope", "--unit=\(scope.unit)"]
            + (scope.isOfUser ? ["--user"] : [])
            + properties.map { "--property=\($0.shell)" } + ["$PROGRAM"]
        return Explanation(
            shell: words.joined(separator: " "),
            why: "systemd counts and limits the container's processes together, as a unit",
            spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let process = context.initProcessID else { return }
        var manager = try SystemdManager.reach(isOfUser: scope.isOfUser)
        let processes = DBusValue.array([.uint32(UInt32(process))], of: "u")
        try manager.start(scope.unit, properties + [UnitProperty("PIDs", processes)])
        let (id, cgroup, scope) = (context.containerID, cgroup, scope)
        context.undo("end the unit \(scope.unit)") { () throws(Problem) in
            try Delete.removeCgroup(
                cgroup, unit: RuntimeState.Unit(name: scope.unit, isOfUser: scope.isOfUser), of: id)
        }
        context.cgroup = cgroup
        context.scope = scope
        do throws(SystemCallError) {
            // systemd leaves out the hierarchies and controllers that it does not know.
            _ = try cgroup.create(requiring: required, wanting: [])
            try cgroup.add(process, alreadyInUnified: cgroup.layout.isUnified)
        } catch {
            throw Problem(cgroup: "cannot complete the cgroup \(cgroup.path)", error)
        }
    }
}

/// A step that has the user's systemd put a program of `exec` into the container's unit.
///
/// A user may write to the unit's cgroup, and not move a process there from another branch.
struct AttachToUnit: SetupStep {
    let unit: RuntimeState.Unit

    var explanation: Explanation {
        Explanation(
            shell: "busctl --user call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                + "org.freedesktop.systemd1.Manager AttachProcessesToUnit ssau \(unit.name) / 1 $PID",
            why: "the container's limits hold for the program too", spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let process = context.initProcessID else { return }
        var manager = try SystemdManager.reach(isOfUser: unit.isOfUser)
        try manager.attach(process, to: unit.name)
    }
}
