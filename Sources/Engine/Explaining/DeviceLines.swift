import Diagnostics
import Linux
import OCI
import SystemPackage

/// Devices: the nodes in `/dev`, and what the cgroup lets its processes open.
extension ContainerExplainer {
    func deviceLines() throws(Problem) -> [ExplainedLine] {
        try nodeLines() + ruleLines()
    }

    private func nodeLines() throws(Problem) -> [ExplainedLine] {
        (spec.linux?.devices ?? []).map { device in
            let number = "\(device.major ?? 0):\(device.minor ?? 0)"
            let letter = device.type == .block ? "b" : "c"
            return ExplainedLine(
                device.path, declared: "\(letter) \(number)", effective: nodeText(device.path),
                why: "a device of the machine, as a node inside",
                origin: deviceOrigin(device.path),
                command: process.map { "ls -l /proc/\($0.pid)/root\(device.path)" }
                    ?? "mknod rootfs\(device.path) \(letter) \(device.major ?? 0) "
                    + "\(device.minor ?? 0)")
        }
    }

    /// What the container has there now.
    private func nodeText(_ path: String) -> String? {
        guard let process else { return nil }
        do throws(SystemCallError) {
            let root = try RootedDirectory(at: FilePath("/proc/\(process.pid)/root"))
            guard let status = try root.status(of: FilePath(path)) else { return "nothing" }
            guard status.kind == .characterDevice || status.kind == .blockDevice else {
                return "no device"
            }
            let letter = status.kind == .blockDevice ? "b" : "c"
            return "\(letter) \(status.device.major):\(status.device.minor)"
        } catch {
            return "cannot be looked at: \(error.errno)"
        }
    }

    private func deviceOrigin(_ path: String) -> String {
        if request.security.isPrivileged { return "--privileged" }
        if let asked = request.security.devices.first(where: { $0.containerPath == path }) {
            return "--device \(asked.hostPath):\(asked.containerPath):\(asked.permissions)"
        }
        return request.security.gpus.isEmpty ? "--device of CDI" : "--gpus"
    }

    /// The rules, as the kernel has them where it says so, else as they were asked for.
    private func ruleLines() throws(Problem) -> [ExplainedLine] {
        let rules = spec.linux?.resources?.devices ?? []
        let declared = rules.map(\.words)
        guard process != nil, let cgroup = try context.cgroup(of: record),
            cgroup.layout.version(of: .devices) == .v1
        else {
            return try zip(rules, declared).map { rule, words throws(Problem) in
                ExplainedLine(
                    words, declared: rule.allow ? "allowed" : "refused",
                    effective: process.map { _ in "a program of the kernel's decides (eBPF)" },
                    why: Self.rulePurpose, origin: ruleOrigin(rule),
                    command: try ruleCommand(rule))
            }
        }
        let text = try explaining("cannot read the devices of \(record.name)") {
            () throws(SystemCallError) in try cgroup.read("devices.list", of: .devices)
        }
        return text.split(separator: "\n").map { line in
            let rule = rules.last { $0.allow && line.hasPrefix($0.words.dropLast($0.accessCount)) }
            return ExplainedLine(
                String(line), declared: rule.map { _ in "allowed" }, effective: "allowed",
                why: Self.rulePurpose,
                origin: rule.map(ruleOrigin) ?? "default: the devices that every container has",
                command: "cat \(cgroup.directory(for: .devices)?.string ?? "")/devices.list")
        }
    }

    /// How a rule is set by hand, or with version 2 is seen.
    private func ruleCommand(_ rule: RuntimeSpec.DeviceRule) throws(Problem) -> String {
        let path = spec.linux?.cgroupsPath ?? ""
        let layout = try explaining("cannot find the cgroups of the machine") {
            () throws(SystemCallError) in try context.cgroupLayout()
        }
        guard layout.version(of: .devices) == .v1,
            let directory = Cgroup(layout: layout, path: path).directory(for: .devices)
        else { return "bpftool cgroup list /sys/fs/cgroup\(path)" }
        let file = rule.allow ? "devices.allow" : "devices.deny"
        return "echo '\(rule.words)' > \(directory)/\(file)"
    }

    private static let rulePurpose =
        "which device numbers its processes may read (r), write (w) and make (m)"

    private func ruleOrigin(_ rule: RuntimeSpec.DeviceRule) -> String {
        if request.security.isPrivileged { return "--privileged" }
        if request.security.deviceRules.contains(where: { $0 == rule.words }) {
            return "--device-cgroup-rule '\(rule.words)'"
        }
        let node = spec.linux?.devices.first {
            $0.major == rule.major && $0.minor == rule.minor && rule.major != nil
        }
        return node.map { deviceOrigin($0.path) } ?? "default"
    }
}

extension RuntimeSpec.DeviceRule {
    /// The rule in the words of `devices.list`: "c 1:3 rwm".
    fileprivate var words: String {
        let letter =
            switch type {
            case .block: "b"
            case .character: "c"
            default: "a"
            }
        let numbers = [major, minor].map { $0.map { "\($0)" } ?? "*" }.joined(separator: ":")
        return "\(letter) \(numbers) \(access ?? "rwm")"
    }

    fileprivate var accessCount: Int { (access ?? "rwm").count }
}
