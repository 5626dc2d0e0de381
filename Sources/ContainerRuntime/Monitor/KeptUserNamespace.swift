package import Diagnostics
package import Linux
package import SystemPackage

/// The user namespace of a container, held open by whoever mounts its files: its monitor, from
/// before the start to the end, over restarts.
///
/// It is there before the container, so that the container's network namespace is owned by it, and
/// the owners of its files are shown through its maps.
package final class KeptUserNamespace {
    package let descriptor: OwnedFD
    /// Its maps, from the point of view of this process's own user namespace.
    package let maps: UserMaps

    /// Makes it, or opens that of another container.
    ///
    /// - Parameter wanted: what the container's `monitor.json` says.
    /// - Throws: what the kernel refuses.
    package init(_ wanted: MonitorConfiguration.UserNamespace) throws(Problem) {
        maps = wanted.maps
        guard let path = wanted.path else {
            descriptor = try explaining(
                "cannot make the container's user namespace",
                fix: "map IDs that this process has, without overlap, at most 340 ranges"
            ) { () throws(SystemCallError) in
                try Linux.UserNamespace.make(users: wanted.maps.users, groups: wanted.maps.groups)
            }
            return
        }
        descriptor = try JoinedNamespace(kind: .user, path: FilePath(path)).open()
    }

    /// The namespace's file, for as long as this process lives.
    package var path: FilePath { FilePath("/proc/self/fd/\(descriptor.rawValue)") }
}
