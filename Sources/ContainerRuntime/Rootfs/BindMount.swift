import Diagnostics
import Linux
import SystemPackage

/// A file or directory of the host that appears in the container.
struct BindMount {
    let mount: ContainerMount
    let source: FilePath
    let isRecursive: Bool

    func make(in context: inout SetupContext) throws(Problem) {
        if !mount.options.data.isEmpty {
            context.warn(
                "\(mount.destination): a bind mount has no options of its own file system, so "
                    + "\"\(mount.options.dataText)\" has no effect")
        }
        let target = mount.destination
        let attachment = try takeSource(in: &context)
        let isDirectory = attachment.isDirectory
        do throws(Problem) {
            try context.beneathRootfs("cannot mount \(source) on \(target)") {
                (rootfs) throws(SystemCallError) in
                let place =
                    isDirectory
                    ? try rootfs.makeDirectories(target, permissions: .directoryDefault)
                    : try rootfs.makeFile(target, permissions: .directoryDefault)
                try ProcProtection.check(
                    place, mount: mount, isFromProc: attachment.isFromProc, in: context)
                try attachment.tree.attach(onto: place)
                try attachment.tree.descriptor.changePropagation(mount.options)
            }
        } catch {
            throw mismatch(error, sourceIsDirectory: isDirectory)
        }
    }

    /// The error where a file would come over a directory, or a directory over a file.
    private func mismatch(_ problem: Problem, sourceIsDirectory isDirectory: Bool) -> Problem {
        guard let refusal = problem.cause as? SystemCallError else { return problem }
        let why: String
        switch (isDirectory, refusal.errno) {
        case (false, .invalidArgument) where refusal.call == "move_mount":
            why = "\(source) is a file, and the container has a directory there"
        case (true, .notDirectory):
            why =
                "\(source) is a directory, and the container has a file or a link to nothing there"
        default: return problem
        }
        return Problem(
            kind: .invalid, what: problem.what, why: why,
            fix: "mount a file over a file, and a directory over a directory", cause: refusal)
    }

    /// The source as a detached mount: what the runtime prepared, or a clone made now.
    private func takeSource(in context: inout SetupContext) throws(Problem) -> PreparedMount {
        if let prepared = context.preparedMounts.removeValue(forKey: mount.index) {
            return prepared
        }
        return try PreparedMount(mount: mount, source: source, isRecursive: isRecursive)
    }
}

/// A bind mount with its flags, not yet attached.
final class PreparedMount: Sendable {
    let tree: DetachedMount
    let isDirectory: Bool
    /// Whether the source is a file of a procfs.
    let isFromProc: Bool

    /// Clones the source and changes the clone's flags.
    init(mount: ContainerMount, source: FilePath, isRecursive: Bool) throws(Problem) {
        let options = mount.options
        let file = try explaining(
            "cannot mount \(source) on \(mount.destination)",
            fix: "name an existing file or directory as source"
        ) { () throws(SystemCallError) in try OwnedFD.open(source, [.path]) }
        do throws(SystemCallError) {
            isDirectory = try FileStatus(of: file).kind == .directory
            isFromProc = try FileSystemStatus(of: file).type == FileSystemStatus.proc
            tree = try DetachedMount(cloning: file, isRecursive: isRecursive)
            var change = options.attributeChange
            if mount.isFrozenLater { change.set.remove(.readOnly) }
            if !change.isEmpty { try tree.descriptor.changeMount(change, isRecursive: false) }
            if !options.recursive.isEmpty {
                try tree.descriptor.changeMount(options.recursive, isRecursive: true)
            }
        } catch {
            throw Self.problem(error, mount: mount, source: source, isRecursive: isRecursive)
        }
    }

    private static func problem(
        _ refusal: SystemCallError, mount: ContainerMount, source: FilePath, isRecursive: Bool
    ) -> Problem {
        let what = "cannot mount \(source) on \(mount.destination)"
        if refusal.call == "open_tree", refusal.errno == .invalidArgument, !isRecursive {
            return Problem(
                kind: .denied, what: what,
                why: "what lies under the mounts below it stays hidden from a user namespace",
                fix: "use \"rbind\"", cause: refusal)
        }
        if refusal.call == "mount_setattr", refusal.errno == .notPermitted {
            return Problem(
                kind: .denied, what: what,
                why: "a flag that the host set on \(source) cannot be taken away in here",
                fix: "leave out of the options: "
                    + (mount.options.attributeChange.names
                    + (mount.options.recursive.isEmpty ? [] : ["the recursive ones"]))
                    .joined(separator: ", "), cause: refusal)
        }
        if refusal.call == "mount_setattr", refusal.errno == .noFunction {
            return Problem(
                kind: .unsupported, what: what,
                why: "the flags of a mount are set by mount_setattr(2), since Linux 5.12",
                fix: "use a newer kernel", cause: refusal)
        }
        return Problem(what: what, refusal: refusal)
    }
}

extension OwnedFD {
    /// Sets how mount events travel, as the options say.
    borrowing func changePropagation(_ options: MountOptions) throws(SystemCallError) {
        for change in options.propagation {
            try changeMount(
                MountAttributeChange(propagation: change.propagation),
                isRecursive: change.isRecursive)
        }
    }
}
