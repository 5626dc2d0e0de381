import Diagnostics
package import Linux
package import SystemPackage

extension SetupContext {
    /// Opens a file of the host's `/proc`, relative to it: "self/attr/exec", "sys/net/ipv4/…".
    ///
    /// The links `self` and the files below `sys` mean the calling process and its namespaces, also
    /// when the mount they are reached through is the host's. Nothing that is mounted over a part of
    /// `/proc` is opened in its place, and no magic link is followed (CVE-2025-52881).
    package borrowing func openProc(
        _ path: FilePath, _ flags: OpenFlags
    ) throws(SystemCallError) -> OwnedFD {
        switch procDirectory {
        case .some(let directory): try directory.openOnSameMount(path, flags)
        case .none: try Self.procOfHost().openOnSameMount(path, flags)
        }
    }

    /// Opens what a magic link of the host's `/proc` stands for: "time_for_children" in "self/ns".
    package borrowing func openProcLink(
        _ name: String, in directory: FilePath, _ flags: OpenFlags
    ) throws(SystemCallError) -> OwnedFD {
        try openProc(directory, [.path, .directory]).open(FilePath(name), flags)
    }

    /// Opens this process's descriptors as a directory of the host's `/proc`, in which "7" leads to
    /// what descriptor 7 is open on.
    ///
    /// It is for calls that take a path and nothing else: by `/proc/self/fd` they would ask whatever
    /// a joined mount namespace has at `/proc`.
    borrowing func openOwnDescriptors() throws(SystemCallError) -> OwnedFD {
        try openProc("self/fd", [.path, .directory])
    }

    /// Mounts by `mount(2)`, which takes a path alone: the target's number, in the directory of this
    /// process's descriptors.
    ///
    /// Every path of the setup is absolute, so that nobody misses the working directory.
    borrowing func mountClassically(
        _ source: String, on target: borrowing OwnedFD, type: String, _ flags: MountFlags,
        data: String
    ) throws(SystemCallError) {
        try WorkingDirectory.change(to: openOwnDescriptors())
        try Mount.mount(
            source, at: FilePath("\(target.rawValue)"), type: type, flags, data: data)
        try WorkingDirectory.change(to: "/")
    }

    /// Takes the mount away whose root a descriptor is open on, with all that is mounted beneath it.
    borrowing func unmount(_ root: borrowing OwnedFD) throws(SystemCallError) {
        try WorkingDirectory.change(to: openOwnDescriptors())
        try Mount.detach(FilePath("\(root.rawValue)"))
        try WorkingDirectory.change(to: "/")
    }

    /// Opens `/proc` and makes sure that it is procfs.
    static func procOfHost() throws(SystemCallError) -> RootedDirectory {
        let directory = try OwnedFD.open("/proc", [.path, .directory])
        guard try FileSystemStatus(of: directory).type == FileSystemStatus.proc else {
            throw SystemCallError(
                call: "open", subject: "/proc (no procfs)", errno: .operationNotSupportedByDevice)
        }
        return RootedDirectory(adopting: directory)
    }

    /// Does something beneath the container's root, which this process has entered.
    ///
    /// What stands there is the image's and the container's: a magic link of `/proc` would lead to
    /// files of the host that this process has open, so none is followed.
    borrowing func insideRoot<Result: ~Copyable>(
        _ body: (borrowing RootedDirectory) throws(SystemCallError) -> Result
    ) throws(SystemCallError) -> Result {
        switch rootfsDirectory {
        case .some(let root): return try body(root)
        case .none: return try body(RootedDirectory(at: "/"))
        }
    }
}

/// Keeps the host's `/proc` at hand for steps that run inside the container's root.
struct KeepProc: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "exec {proc}</proc",
            why: "labels and kernel parameters are not written through the container's own /proc",
            spec: "")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        context.procDirectory = try explaining("cannot open /proc", fix: "mount proc there") {
            () throws(SystemCallError) in try SetupContext.procOfHost()
        }
    }
}
