import Diagnostics
package import Linux
package import SystemPackage

extension SetupContext {
    /// Opens a file of the host's `/proc`, relative to it: "self/attr/exec", "sys/net/ipv4/…".
    ///
    /// The links `self` and the files below `sys` mean the calling process and its namespaces, also
    /// when the mount they are reached through is the host's.
    package borrowing func openProc(
        _ path: FilePath, _ flags: OpenFlags
    ) throws(SystemCallError) -> OwnedFD {
        switch procDirectory {
        case .some(let directory): try directory.open(path, flags)
        case .none: try OwnedFD.open(FilePath("/proc").pushing(path), flags)
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
            () throws(SystemCallError) in try OwnedFD.open("/proc", [.path, .directory])
        }
    }
}
