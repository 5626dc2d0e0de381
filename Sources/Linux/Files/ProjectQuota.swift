import CLinux
import Glibc

/// The project quota of a file system: how much all files of one project may take.
///
/// Files belong to a project by a number of the inode, which new files get from their directory.
/// XFS and ext4 count by it where they are mounted with `prjquota` (quotactl(2), ioctl_xfs_fsgetxattr(2)).
package struct ProjectQuota: Sendable, Equatable {
    /// The most that the project's files may take; 0 is without limit.
    package var limitInBytes: UInt64
    /// What they take.
    package var useInBytes: UInt64
}

extension OwnedFD {
    /// The project of an open file or directory; 0 is none.
    ///
    /// The system call is `ioctl(2)` with `FS_IOC_FSGETXATTR`.
    package borrowing func project() throws(SystemCallError) -> UInt32 {
        var (project, flags): (UInt32, UInt32) = (0, 0)
        let descriptor = rawValue
        try kernel("ioctl", "FS_IOC_FSGETXATTR of \(describe(descriptor))") {
            clinux_get_project(descriptor, &project, &flags)
        }
        return project
    }

    /// Gives an empty directory to a project, and so all that will be made in it.
    ///
    /// The system call is `ioctl(2)` with `FS_IOC_FSSETXATTR` and `FS_XFLAG_PROJINHERIT`.
    package borrowing func give(toProject project: UInt32) throws(SystemCallError) {
        var (old, flags): (UInt32, UInt32) = (0, 0)
        let descriptor = rawValue
        try kernel("ioctl", "FS_IOC_FSGETXATTR of \(describe(descriptor))") {
            clinux_get_project(descriptor, &old, &flags)
        }
        try kernel("ioctl", "FS_IOC_FSSETXATTR of \(describe(descriptor))") {
            clinux_set_project(descriptor, project, flags | 0x200)  // FS_XFLAG_PROJINHERIT
        }
    }

    /// The quota of a project on the file system of an open file.
    ///
    /// The system call is `quotactl_fd(2)` with `Q_GETQUOTA`, since Linux 5.14.
    package borrowing func quota(ofProject project: UInt32) throws(SystemCallError) -> ProjectQuota
    {
        var (limit, use): (UInt64, UInt64) = (0, 0)
        let descriptor = rawValue
        try kernel("quotactl_fd", "project \(project) on \(describe(descriptor))") {
            clinux_get_project_quota(descriptor, project, &limit, &use)
        }
        return ProjectQuota(limitInBytes: limit, useInBytes: use)
    }

    /// Limits what the files of a project may take; 0 takes the limit away.
    ///
    /// The system call is `quotactl_fd(2)` with `Q_SETQUOTA`.
    package borrowing func limit(
        project: UInt32, toBytes limit: UInt64
    ) throws(SystemCallError) {
        let descriptor = rawValue
        try kernel("quotactl_fd", "project \(project) on \(describe(descriptor))") {
            clinux_set_project_quota(descriptor, project, limit)
        }
    }
}
