import Diagnostics
import OCI

/// The devices of a container, as nodes and as rules of its cgroup.
extension SpecBuilder {
    /// Nodes beyond the default ones of the runtime.
    func deviceNodes() throws(Problem) -> [RuntimeSpec.Device] {
        if request.security.isPrivileged { return input.allDevices.map { node($0, at: $0.path) } }
        var list: [RuntimeSpec.Device] = []
        for device in request.security.devices {
            guard !input.host.isRootless else {
                _ = try resolved(device)
                continue
            }
            list.append(node(try resolved(device), at: device.containerPath))
        }
        return list
    }

    /// The host's own nodes of the devices, in the place of new ones that root of a user namespace
    /// cannot make.
    var deviceMounts: [RuntimeSpec.Mount] {
        guard input.host.isRootless, !request.security.isPrivileged else { return [] }
        return request.security.devices.map {
            deviceMount(of: $0.hostPath, at: $0.containerPath, permissions: $0.permissions)
        }
    }

    /// A host's node in the place of a new one.
    func deviceMount(
        of source: String, at path: String, permissions: String
    ) -> RuntimeSpec.Mount {
        .init(
            destination: path, type: "bind", source: source,
            options: ["bind", "rprivate", "nosuid", "noexec"]
                + (permissions.contains("w") ? [] : ["ro"]))
    }

    /// Who may open, make and write which device.
    func deviceRules() throws(Problem) -> [RuntimeSpec.DeviceRule] {
        if request.security.isPrivileged { return [.init(allow: true, access: "rwm")] }
        var rules: [RuntimeSpec.DeviceRule] = [.init(allow: false, access: "rwm")]
        // Making a node harms nobody who may not open it.
        rules.append(.init(allow: true, type: .character, access: "m"))
        rules.append(.init(allow: true, type: .block, access: "m"))
        for (major, minor) in Self.openDevices {
            rules.append(
                .init(allow: true, type: .character, major: major, minor: minor, access: "rwm"))
        }
        for device in request.security.devices {
            let host = try resolved(device)
            rules.append(
                .init(
                    allow: true, type: host.isBlock ? .block : .character, major: host.major,
                    minor: host.minor, access: device.permissions))
        }
        for rule in request.security.deviceRules { rules.append(try parse(rule)) }
        return rules
    }

    /// null, zero, full, random, urandom, tty, console, ptmx and the terminals (nil: every minor).
    private static let openDevices: [(Int64, Int64?)] = [
        (1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, nil),
    ]

    private func node(_ device: HostDevice, at path: String) -> RuntimeSpec.Device {
        .init(
            path: path, type: device.isBlock ? .block : .character, major: device.major,
            minor: device.minor, fileMode: device.permissions, uid: device.user,
            gid: device.group)
    }

    private func resolved(_ device: DeviceRequest) throws(Problem) -> HostDevice {
        guard let host = input.devices[device.hostPath] else {
            throw Problem(
                kind: .invalid,
                what: "error gathering device information while adding custom device "
                    + "\"\(device.hostPath)\"",
                why: "no such file or directory, or not a device node",
                fix: "look whether the host has it, and whether its driver is loaded")
        }
        return host
    }

    /// `c 1:3 rwm`, with `*` for every number.
    private func parse(_ text: String) throws(Problem) -> RuntimeSpec.DeviceRule {
        let parts = text.split(separator: " ")
        let invalid = Problem(
            kind: .invalid, what: "invalid device cgroup rule format: '\(text)'",
            why: "it is not TYPE MAJOR:MINOR ACCESS", fix: "for example 'c 1:3 rwm'")
        guard parts.count == 3,
            let kind = RuntimeSpec.DeviceRule.Kind(
                rawValue: String(parts[0])), !parts[2].isEmpty,
            parts[2].allSatisfy({ "rwm".contains($0) })
        else { throw invalid }
        let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count == 2 else { throw invalid }
        var values: [Int64?] = []
        for number in numbers {
            if number == "*" {
                values.append(nil)
            } else if let value = Int64(number), value >= 0 {
                values.append(value)
            } else {
                throw invalid
            }
        }
        return .init(
            allow: true, type: kind, major: values[0], minor: values[1], access: String(parts[2]))
    }
}
