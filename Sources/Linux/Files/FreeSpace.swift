import Glibc
package import SystemPackage

/// What a file system has left.
package enum FreeSpace {
    /// The bytes that a user without privilege could still write below a path.
    ///
    /// The function is `statvfs(3)`.
    package static func inBytes(at path: FilePath) throws(SystemCallError) -> Int64 {
        var status = statvfs()
        try kernel("statvfs", "\(path)") { path.withPlatformString { statvfs($0, &status) } }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }
}
