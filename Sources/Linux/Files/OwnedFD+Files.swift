import CLinux
import Glibc
package import SystemPackage

extension OwnedFD {
    /// What the open file is; `name` is only for the error.
    package func status(
        of name: @autoclosure () -> String
    ) throws(SystemCallError) -> FileStatus {
        var raw = stat()
        try kernel("fstat", name()) { fstat(rawValue, &raw) }
        return FileStatus(raw)
    }

    /// Begins to write bytes of the file to the disk and does not wait for them.
    ///
    /// It makes a later ``synchronize()`` short and promises nothing. The system call is
    /// `sync_file_range(2)` with `SYNC_FILE_RANGE_WRITE`.
    package func startWriteback(
        fromOffsetInBytes offset: Int64, lengthInBytes: Int64
    ) throws(SystemCallError) {
        try kernel("sync_file_range", describe(rawValue)) {
            clinux_start_writeback(rawValue, offset, lengthInBytes)
        }
    }
}

/// Gives the calling thread its own umask, and sets it to 0.
///
/// Files then get exactly the permissions that are asked for, while other threads keep the
/// process's umask. The system call is `unshare(2)` with CLONE_FS.
package func clearUmaskOfThisThread() throws(SystemCallError) {
    try kernel("unshare", "CLONE_FS") { clinux_own_umask() }
    umask(0)
}

extension OwnedFD {
    /// Sets the times of last access and modification: `futimens(3)`.
    package borrowing func setModified(_ time: FileTime) throws(SystemCallError) {
        let moment = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        let descriptor = rawValue
        try kernel("futimens", describe(descriptor)) {
            withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times in
                times.initialize(repeating: moment)
                return futimens(descriptor, times.baseAddress)
            }
        }
    }

    /// Sets both times of a name in this directory, and of the link itself if it is one.
    ///
    /// The system call is `utimensat(2)`.
    package borrowing func setModified(
        _ time: FileTime, ofLink name: FilePath
    ) throws(SystemCallError) {
        let moment = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        let (directory, times) = (rawValue, [moment, moment])
        try kernel("utimensat", "\(name)") {
            name.withPlatformString { utimensat(directory, $0, times, AT_SYMLINK_NOFOLLOW) }
        }
    }
}
