import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// What every container finds in `/dev` (config-linux.md § Default Devices): nodes made by
/// `mknod(2)`, and links.
package enum DeviceNodes {
    /// The steps for the default devices, those of `linux.devices`, and the links.
    ///
    /// - Parameters:
    ///   - devices: `linux.devices`; one with a default's path takes its place.
    ///   - rootfs: the rootfs, for the explanation.
    ///   - bindsHostNodes: whether nodes cannot be made, in a user namespace, and the host's are
    ///     bound instead.
    /// - Returns: the steps in their order.
    static func steps(
        _ devices: [RuntimeSpec.Device], rootfs: FilePath, bindsHostNodes: Bool
    ) -> [any SetupStep] {
        let own = devices.map { DeviceNode($0) }
        let defaults = Self.defaults.filter { node in !own.contains { $0.path == node.path } }
        var steps: [any SetupStep] = [
            MakeDeviceNodes(
                nodes: defaults, rootfs: rootfs, bindsHostNodes: bindsHostNodes, spec: "")
        ]
        if !own.isEmpty {
            steps.append(
                MakeDeviceNodes(
                    nodes: own, rootfs: rootfs, bindsHostNodes: bindsHostNodes,
                    spec: "linux.devices"))
        }
        return steps + [LinkDevices(rootfs: rootfs)]
    }

    /// All nodes that a container gets, in the order of their making.
    package static func all(with devices: [RuntimeSpec.Device]) -> [DeviceNode] {
        let own = devices.map { DeviceNode($0) }
        return defaults.filter { node in !own.contains { $0.path == node.path } } + own
    }

    /// The links that stand beside the nodes.
    package static let links = [
        DeviceLink(name: "fd", target: "/proc/self/fd"),
        DeviceLink(name: "stdin", target: "/proc/self/fd/0"),
        DeviceLink(name: "stdout", target: "/proc/self/fd/1"),
        DeviceLink(name: "stderr", target: "/proc/self/fd/2"),
        DeviceLink(name: "core", target: "/proc/kcore"),
        DeviceLink(name: "ptmx", target: "pts/ptmx"),
    ]

    private static let defaults = [
        DeviceNode("/dev/null", 1, 3), DeviceNode("/dev/zero", 1, 5), DeviceNode("/dev/full", 1, 7),
        DeviceNode("/dev/random", 1, 8), DeviceNode("/dev/urandom", 1, 9),
        DeviceNode("/dev/tty", 5, 0),
    ]
}

/// A link of `/dev`.
package struct DeviceLink: Sendable, Equatable {
    package let name: String
    package let target: String
}

/// A device node to be.
package struct DeviceNode: Sendable, Equatable {
    package var path: FilePath
    package var kind: FileStatus.Kind
    package var number: DeviceNumber
    package var permissions: FilePermissions
    package var user: UInt32
    package var group: UInt32

    /// A character device for everyone.
    init(_ path: FilePath, _ major: UInt32, _ minor: UInt32) {
        self.path = path
        kind = .characterDevice
        number = DeviceNumber(major: major, minor: minor)
        permissions = FilePermissions(rawValue: 0o666)
        user = 0
        group = 0
    }

    /// A device of `linux.devices`.
    init(_ device: RuntimeSpec.Device) {
        path = FilePath("/").pushing(FilePath(device.path).removingRoot()).lexicallyNormalized()
        kind =
            switch device.type {
            case .character, .unbufferedCharacter: .characterDevice
            case .block: .blockDevice
            case .fifo: .fifo
            }
        number = DeviceNumber(
            major: UInt32(clamping: device.major ?? 0), minor: UInt32(clamping: device.minor ?? 0))
        permissions = FilePermissions(rawValue: (device.fileMode ?? 0o666) & 0o7777)
        user = device.uid ?? 0
        group = device.gid ?? 0
    }

    /// The letter of mknod(1).
    package var letter: String {
        switch kind {
        case .blockDevice: "b"
        case .fifo: "p"
        default: "c"
        }
    }
}

/// Makes device nodes.
struct MakeDeviceNodes: SetupStep {
    let nodes: [DeviceNode]
    let rootfs: FilePath
    let bindsHostNodes: Bool
    let spec: String

    var explanation: Explanation {
        let lines = nodes.map { node in
            let target = rootfs.pushing(node.path.removingRoot())
            if bindsHostNodes, node.kind != .fifo {
                return "touch \(target); mount --bind \(node.path) \(target)"
            }
            let numbers = node.kind == .fifo ? "" : " \(node.number.major) \(node.number.minor)"
            let mode = String(node.permissions.rawValue, radix: 8)
            return "mknod -m \(mode) \(target) \(node.letter)\(numbers)"
        }
        return Explanation(
            shell: lines.joined(separator: "; "),
            why: spec.isEmpty
                ? "every container has these devices" : "the spec gives the container devices",
            spec: spec.isEmpty ? "config-linux.md § Default Devices" : spec)
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // Each gets exactly its permissions.
        let mask = setFileModeMask(0)
        defer { setFileModeMask(mask) }
        // Nearly all are in /dev: it is looked up once.
        var parent: ParentDirectory?
        for node in nodes {
            try context.beneathRootfs("cannot make the device \(node.path)") {
                (rootfs) throws(SystemCallError) in
                if bindsHostNodes, node.kind != .fifo {
                    return try bind(node, beneath: rootfs)
                }
                let parts = PathParts(node.path)
                if parent?.path != parts.directory {
                    parent = ParentDirectory(
                        path: parts.directory,
                        directory: try rootfs.makeDirectories(
                            parts.directory, permissions: .directoryDefault))
                }
                do throws(SystemCallError) {
                    try make(node, named: parts, in: parent, beneath: rootfs, context)
                } catch  where error.errno == .notPermitted && error.call == "mknodat" {
                    try bind(node, beneath: rootfs)
                }
            }
        }
    }

    /// The directory of the last node.
    private struct ParentDirectory: ~Copyable {
        let path: FilePath
        let directory: OwnedFD
    }

    private func make(
        _ node: DeviceNode, named parts: PathParts, in parent: borrowing ParentDirectory?,
        beneath rootfs: borrowing RootedDirectory, _ context: borrowing SetupContext
    ) throws(SystemCallError) {
        guard parts.isNamed else {
            throw SystemCallError(
                call: "mknodat", subject: "\(node.path)", errno: .invalidArgument)
        }
        do throws(SystemCallError) {
            switch parent {
            case .some(let parent):
                try parent.directory.makeNode(
                    parts.name, node.kind, permissions: node.permissions, device: node.number)
            case .none: return
            }
            if node.user == 0, node.group == 0 { return }
        } catch  where error.errno == .fileExists {}
        let made = try rootfs.openLast(node.path)
        let status = try FileStatus(of: made)
        // What was there already must be the same device: an image could bring a trap.
        guard status.kind == node.kind, node.kind == .fifo || status.device == node.number else {
            throw SystemCallError(
                call: "mknodat", subject: "\(node.path) (something else is there)",
                errno: .fileExists)
        }
        if status.permissions != node.permissions.rawValue {
            // To open the device itself might do something.
            try context.openOwnDescriptors()
                .changePermissions(of: FilePath("\(made.rawValue)"), to: node.permissions)
        }
        if status.owner != node.user || status.group != node.group {
            try made.changeOwnerOfHandle(user: node.user, group: node.group)
        }
    }

    /// Binds the host's node, which a user namespace may not make.
    private func bind(
        _ node: DeviceNode, beneath rootfs: borrowing RootedDirectory
    ) throws(SystemCallError) {
        let source = try OwnedFD.open(node.path, [.path, .noFollow])
        let status = try FileStatus(of: source)
        guard status.kind == node.kind, status.device == node.number else {
            throw SystemCallError(
                call: "mount", subject: "\(node.path) (the host has another device there)",
                errno: .noSuchAddressOrDevice)
        }
        let target = try rootfs.makeFile(node.path, permissions: .ownerReadWrite)
        try DetachedMount(cloning: source, isRecursive: false).attach(onto: target)
    }
}

/// Makes the links of `/dev`.
struct LinkDevices: SetupStep {
    let rootfs: FilePath

    var explanation: Explanation {
        let lines = DeviceNodes.links.map { "ln -sf \($0.target) \(rootfs)/dev/\($0.name)" }
        return Explanation(
            shell: lines.joined(separator: "; "),
            why: "programs find their own streams and the container's terminals",
            spec: "config-linux.md § Default Devices, runtime-linux.md § Dev symbolic links")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try context.beneathRootfs("cannot make the links in /dev") {
            (rootfs) throws(SystemCallError) in
            let directory = try rootfs.makeDirectories("/dev", permissions: .directoryDefault)
            for link in DeviceNodes.links where link.name != "core" || File.exists("/proc/kcore") {
                let (name, target) = (FilePath(link.name), FilePath(link.target))
                do throws(SystemCallError) {
                    try directory.makeSymbolicLink(at: name, to: target)
                } catch  where error.errno == .fileExists {
                    // The image's own link stays, as in runc; a node would be of another devpts.
                    guard link.name == "ptmx" else { continue }
                    try directory.remove(name, isDirectory: false)
                    try directory.makeSymbolicLink(at: name, to: target)
                }
            }
        }
    }
}
