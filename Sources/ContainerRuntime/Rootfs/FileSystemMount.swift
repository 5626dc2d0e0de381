import Diagnostics
import Linux
import SystemPackage

/// A file system that the container gets: proc, sysfs, tmpfs, devpts, mqueue and all others.
struct FileSystemMount {
    let mount: ContainerMount
    let type: String
    let source: String
    let securityLabel: String?
    let isInUserNamespace: Bool

    func make(in context: inout SetupContext) throws(Problem) {
        let what = "cannot mount \(type) on \(mount.destination)"
        let hostPlace = isInUserNamespace ? Self.hostPlace(of: type) : nil
        do throws(SystemCallError) {
            try context.beneathRootfs { (rootfs) throws(SystemCallError) in
                let covered = isLikeCovered ? try rootfs.status(of: mount.destination) : nil
                let target = try rootfs.makeDirectories(
                    mount.destination, permissions: .directoryDefault)
                try ProcProtection.check(
                    target, mount: mount, isFromProc: type == "proc", in: context)
                if type == "proc" || type == "sysfs" {
                    try ProcProtection.checkIsDirectory(mount.destination, beneath: rootfs)
                }
                let options = allOptions(covering: covered)
                if mustBeClassic(options) {
                    try makeClassically(options, on: target, beneath: rootfs, in: context)
                } else {
                    try make(options, on: target)
                }
            }
        } catch {
            // Without a namespace of its own for it a user namespace may only bind the host's.
            guard error.errno == .notPermitted, let hostPlace else { throw problem(error, what) }
            try bindHosts(hostPlace, in: &context)
        }
    }

    private func make(
        _ options: [String], on target: borrowing OwnedFD
    ) throws(SystemCallError) {
        let context = try FileSystemContext(type: type)
        if !source.isEmpty { try context.set("source", to: source) }
        try context.set(mount.options.fileSystemFlags + options)
        let made = try context.mount(attributes)
        if mount.options.copiesUp {
            try CopyUp.copy(from: target, to: made.descriptor, ownersIn: nil)
        }
        try made.attach(onto: target)
        try made.descriptor.change(mount.options)
    }

    /// Whether `fsconfig(2)` cannot say it: it takes at most 255 bytes for one value, and has no name
    /// for some flags.
    private func mustBeClassic(_ options: [String]) -> Bool {
        mount.options.flags.contains(.inodeVersion) || mount.options.flags.contains(.posixACL)
            || options.contains { $0.utf8.count > 255 }
    }

    /// `mount(2)`, for what `fsconfig(2)` cannot say.
    private func makeClassically(
        _ options: [String], on target: borrowing OwnedFD,
        beneath rootfs: borrowing RootedDirectory, in context: borrowing SetupContext
    ) throws(SystemCallError) {
        var flags = mount.options.flags.intersection(MountOptions.fileSystemFlags)
        if options.contains("ro") { flags.formUnion(.readOnly) }
        try context.mountClassically(
            source, on: target, type: type, flags,
            data: options.filter { $0 != "ro" }.joined(separator: ","))
        let made = try rootfs.open(mount.destination, [.path])
        if mount.options.copiesUp { try CopyUp.copy(from: target, to: made, ownersIn: nil) }
        try made.changeMount(MountAttributeChange(set: attributes), isRecursive: false)
        try made.change(mount.options)
    }

    /// The flags of the mount itself; read-only comes later where something is still made below.
    private var attributes: MountAttributes {
        let attributes = mount.options.attributeChange.set
        return mount.isFrozenLater ? attributes.subtracting(.readOnly) : attributes
    }

    /// Whether it has the permissions of the image's directory, and at a new place the kernel's
    /// 1777.
    private var isLikeCovered: Bool {
        type == "tmpfs" && !mount.options.data.contains { $0.hasPrefix("mode=") }
    }

    /// The options of the file system that are no flags, with what the spec leaves to the runtime.
    private func allOptions(covering covered: FileStatus?) -> [String] {
        var options = mount.options.data
        if let covered {
            options.append("mode=\(String(covered.permissions, radix: 8))")
        }
        if mount.options.flags.contains(.readOnly), !isOfKernel {
            options.append("ro")  // so that a disk is not written to at all
        }
        if let securityLabel, takesLabel {
            options.append("context=\(securityLabel)")
        }
        return options
    }

    private func bindHosts(_ place: FilePath, in context: inout SetupContext) throws(Problem) {
        var bind = mount
        bind.options.data = []
        bind.options.recursive.set.formUnion(mount.options.attributeChange.set)
        bind.kind = .bind(source: place, isRecursive: true)
        try BindMount(mount: bind, source: place, isRecursive: true).make(in: &context)
    }

    private func problem(_ refusal: SystemCallError, _ what: String) -> Problem {
        if refusal.errno == .operationNotSupportedByDevice {
            return Problem(
                kind: .unsupported, what: what,
                why: "this kernel has no file system \"\(type)\"",
                fix: "load its module, or remove the mount", cause: refusal)
        }
        if refusal.errno == .notPermitted, isInUserNamespace {
            return Problem(
                kind: .denied, what: what,
                why: "a user namespace may mount \(type) only with its own namespace for it",
                fix: "add the namespace that \(type) shows to linux.namespaces", cause: refusal)
        }
        return Problem(what: what, refusal: refusal)
    }

    /// Where the host has what a user namespace may not make.
    private static func hostPlace(of type: String) -> FilePath? {
        switch type {
        case "proc": "/proc"
        case "sysfs": "/sys"
        case "mqueue": "/dev/mqueue"
        default: nil
        }
    }

    /// Whether it is without a disk, so that its super block may be shared with the host.
    private var isOfKernel: Bool {
        switch type {
        case "proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2": true
        case "debugfs", "tracefs", "securityfs", "bpf": true
        default: false
        }
    }

    /// Whether it takes the option `context=`.
    private var takesLabel: Bool { type != "proc" && type != "sysfs" && type != "mqueue" }
}

extension SetupContext {
    /// Does something beneath the container's root directory, and leaves the meaning of a refusal
    /// to the caller.
    ///
    borrowing func beneathRootfs(
        _ body: (borrowing RootedDirectory) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        switch rootfsDirectory {
        case .some(let rootfs): try body(rootfs)
        case .none: preconditionFailure("a step needs the rootfs before it is mounted")
        }
    }
}
