import CLinux
import Glibc
import SystemPackage

extension OwnedFD {
    /// What the open file is; `name` is only for the error.
    package func status(
        of name: @autoclosure () -> String
    ) throws(SystemCallError) -> FileStatus {
        var raw = stat()
        try kernel("fstat", name()) { fstat(rawValue, &raw) }
        return FileStatus(raw)
    }

    /// Writes all bytes, however the kernel portions them.
    package func writeAll(
        _ bytes: UnsafeRawBufferPointer, to name: @autoclosure () -> String
    ) throws(SystemCallError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = try kernel("write", name()) {
                Glibc.write(rawValue, rest.baseAddress, rest.count)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Reads at most the buffer's size; 0 means the end.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer, from name: @autoclosure () -> String
    ) throws(SystemCallError) -> Int {
        try kernel("read", name()) { Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
    }

    /// Reads at a position, at most the buffer's size; 0 means the end.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at position: Int64,
        from name: @autoclosure () -> String
    ) throws(SystemCallError) -> Int {
        try kernel("pread", name()) {
            pread(rawValue, buffer.baseAddress, buffer.count, off_t(position))
        }
    }

    /// Makes the file's bytes last: `fsync(2)`.
    package func synchronize(_ name: @autoclosure () -> String) throws(SystemCallError) {
        try kernel("fsync", name()) { fsync(rawValue) }
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

    /// Takes the file's lock, which ends with the last descriptor of this opening: `flock(2)`.
    ///
    /// - Parameters:
    ///   - mode: shared or exclusive.
    ///   - wait: whether to wait for another holder.
    ///   - name: the file's name, for the error.
    /// - Returns: false when another holds it and `wait` is false.
    /// - Throws: what the kernel refuses otherwise.
    package func lock(
        _ mode: LockMode, wait: Bool, _ name: @autoclosure () -> String
    ) throws(SystemCallError) -> Bool {
        let operation = (mode == .shared ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB)
        do {
            try kernel("flock", name()) { flock(rawValue, operation) }
            return true
        } catch  where error.errno == .wouldBlock {
            return false
        }
    }
}

/// How many may hold a file's lock.
package enum LockMode: Sendable {
    case shared, exclusive
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
}
