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
