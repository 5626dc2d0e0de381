import Diagnostics
import OCI

/// What devices of CDI change in a container, in the order in which they were asked for.
extension SpecBuilder {
    /// Makes the changes in a spec that is complete otherwise.
    func apply(
        _ edits: [CDISpec.ContainerEdits], to spec: inout RuntimeSpec
    ) throws(Problem) {
        for edit in edits {
            let environment = spec.process?.env ?? []
            spec.process?.env = overlaidEnvironment(environment, with: edit.environment)
            for node in edit.deviceNodes { try add(node, to: &spec) }
            spec.mounts += edit.mounts
            for hook in edit.hooks { add(hook, to: &spec) }
            for group in edit.additionalGroups
            where spec.process?.user.additionalGids.contains(group) == false {
                spec.process?.user.additionalGids.append(group)
            }
            if let intelRdt = edit.intelRdt { spec.linux?.intelRdt = intelRdt }
        }
    }

    private func add(
        _ node: CDISpec.DeviceNode, to spec: inout RuntimeSpec
    ) throws(Problem) {
        let host = input.devices[node.hostPath]
        let kind: RuntimeSpec.Device.Kind? =
            node.type ?? host.map { $0.isBlock ? .block : .character }
        guard let kind, kind == .fifo || node.major != nil || host != nil else {
            throw Problem(
                kind: .notFound, what: "CDI device injection failed",
                why: "\(node.hostPath) is no device node on this machine",
                fix: "load the device's driver, or have its CDI file written anew")
        }
        if input.host.isRootless, kind != .fifo {
            guard host != nil else {
                throw Problem(
                    kind: .unsupported, what: "CDI device injection failed",
                    why:
                        "the machine has no node \(node.hostPath), and the kernel lets no ordinary "
                        + "user make one for \(node.path)",
                    fix: "load the device's driver, or run kade as root")
            }
            spec.mounts.append(
                deviceMount(of: node.hostPath, at: node.path, permissions: node.permissions))
            return
        }
        let major = kind == .fifo ? nil : node.major ?? host?.major
        let minor = kind == .fifo ? nil : node.minor ?? host?.minor
        let user = spec.process?.user.uid ?? 0
        let group = spec.process?.user.gid ?? 0
        spec.linux?.devices.removeAll { $0.path == node.path }
        spec.linux?.devices.append(
            .init(
                path: node.path, type: kind, major: major, minor: minor,
                fileMode: node.fileMode ?? host?.permissions,
                uid: node.user ?? (user > 0 ? user : nil),
                gid: node.group ?? (group > 0 ? group : nil)))
        guard let rule = RuntimeSpec.DeviceRule.Kind(rawValue: kind.rawValue) else { return }
        spec.linux?.resources?.devices.append(
            .init(allow: true, type: rule, major: major, minor: minor, access: node.permissions))
    }

    private func add(_ hook: CDISpec.Hook, to spec: inout RuntimeSpec) {
        var hooks = spec.hooks ?? .init()
        let entry = RuntimeSpec.Hook(
            path: hook.path, args: hook.arguments, env: hook.environment,
            timeout: hook.timeoutInSeconds)
        switch hook.point {
        case "prestart": hooks.prestart.append(entry)
        case "createRuntime": hooks.createRuntime.append(entry)
        case "createContainer": hooks.createContainer.append(entry)
        case "startContainer": hooks.startContainer.append(entry)
        case "poststart": hooks.poststart.append(entry)
        default: hooks.poststop.append(entry)
        }
        spec.hooks = hooks
    }
}
