package import SystemPackage

/// Where the bundle of a container lies that was removed, until its files are deleted.
///
/// The move is what removes the container; its files go afterwards, by the client, by the monitor
/// that the client leaves them to, or, after a crash, by the next command that lists containers.
package enum RemovedBundle {
    /// What the name of such a directory begins with; the container's ID follows.
    package static let prefix = ".removing-"

    /// Where a bundle is moved.
    package static func path(of bundle: FilePath) -> FilePath {
        bundle.removingLastComponent().appending(prefix + (bundle.lastComponent?.string ?? ""))
    }
}
