import Diagnostics
import Linux
import SystemPackage

/// A step that has an eBPF program answer which devices a version 2 cgroup may use.
struct AttachDeviceProgram: SetupStep {
    let cgroup: Cgroup
    let list: DeviceList
    /// Whether the kernel's EPERM is a warning: only the machine's root may load programs.
    let mayBeRefused: Bool

    var explanation: Explanation {
        let rules = list.rules.map { "\($0.allow ? "allow" : "deny") \($0.legacyText)" }
        let directory = cgroup.directory(for: .devices)?.string ?? cgroup.path
        return Explanation(
            shell: "bpftool cgroup attach \(directory) device pinned /sys/fs/bpf/devices multi"
                + "  # deny a *:* rwm, " + rules.joined(separator: ", "),
            why: "an eBPF program (BPF_CGROUP_DEVICE) answers whether a device may be used",
            spec: DeviceRules.field)
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do {
            let program = try CgroupDeviceProgram(instructions: DeviceProgram(list).instructions)
            switch context.cgroupDirectory {
            case .some(let directory):
                try program.attach(to: directory, isNew: context.isCgroupNew)
            case .none:
                guard let directory = try cgroup.openUnifiedDirectory() else { return }
                try program.attach(to: directory, isNew: context.isCgroupNew)
            }
        } catch  where error.errno == .notPermitted && mayBeRefused {
            context.warn("device rules are root's to set: those of the cgroup above stay")
        } catch  where error.errno == .notPermitted {
            throw Problem(
                kind: .denied, what: "cannot apply \(DeviceRules.field)",
                why: "the kernel refuses the eBPF program (\(error))",
                fix: "run with CAP_SYS_ADMIN, and before Linux 5.11 with ulimit -l unlimited",
                cause: error)
        } catch {
            throw Problem(cgroup: "cannot apply \(DeviceRules.field)", error)
        }
    }
}
