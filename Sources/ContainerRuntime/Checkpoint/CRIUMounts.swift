import Diagnostics
import Linux
import OCI
import SystemPackage

/// The mounts of a container that CRIU does not keep: what they show is outside of it.
struct CRIUMounts {
    /// Destinations, and what is mounted there.
    private var mounts: [(destination: String, source: String)] = []

    init(of spec: RuntimeSpec, cgroup: Cgroup?) {
        for mount in spec.mounts {
            let destination = FilePath("/").pushing(FilePath(mount.destination).removingRoot())
                .lexicallyNormalized().string
            let isBind = mount.type == "bind" || MountOptions(mount.options).isBind
            if isBind {
                mounts.append((destination, mount.source ?? ""))
            } else if mount.type == "cgroup", let cgroup, !cgroup.layout.isUnified {
                for hierarchy in cgroup.layout.hierarchies where hierarchy.version == .v1 {
                    let name = hierarchy.mountPoint.lastComponent?.string ?? ""
                    mounts.append(
                        ("\(destination)/\(name)", hierarchy.directory(of: cgroup.path).string))
                }
            }
        }
        // In a user namespace device nodes are the host's, bound.
        guard spec.linux?.namespaces.contains(where: { $0.type == .user }) == true else { return }
        let names = ["null", "zero", "full", "random", "urandom", "tty"].map { "/dev/\($0)" }
        for path in names + (spec.linux?.devices ?? []).map(\.path) { mounts.append((path, path)) }
    }

    var forDump: [(key: String, value: String)] { mounts.map { ($0.destination, $0.destination) } }

    /// What stands at the destinations of a container that is restored.
    ///
    /// - Parameter bundle: where relative sources start.
    /// - Returns: the destinations, and the paths outside.
    func forRestore(in bundle: FilePath) -> [(key: String, value: String)] {
        mounts.map { ($0.destination, bundle.pushing(FilePath($0.source)).string) }
    }
}
