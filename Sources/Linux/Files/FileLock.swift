import Glibc
package import SystemPackage

/// A lock on a file among processes, held while the value lives.
///
/// The system call is `flock(2)`; the kernel frees it when the process ends.
package struct FileLock: ~Copyable, Sendable {
    private let file: OwnedFD

    /// Waits for the lock on a file, which is made where it is missing.
    package init(_ path: FilePath, _ mode: LockMode) throws(SystemCallError) {
        let opened = try OwnedFD.open(path, [.readWrite, .create], permissions: .ownerReadWrite)
        _ = try opened.lock(mode, wait: true, "\(path)")
        file = opened
    }

    /// Takes the lock if it is free now; nil when another process holds it.
    package static func ifFree(
        _ path: FilePath, _ mode: LockMode
    ) throws(SystemCallError) -> FileLock? {
        let file = try OwnedFD.open(path, [.readWrite, .create], permissions: .ownerReadWrite)
        guard try file.lock(mode, wait: false, "\(path)") else { return nil }
        return FileLock(holding: file)
    }

    /// Waits for the lock on a directory.
    package init(directory: FilePath) throws(SystemCallError) {
        let opened = try OwnedFD.open(directory, [.readOnly, .directory])
        _ = try opened.lock(.exclusive, wait: true, "\(directory)")
        file = opened
    }

    /// Takes the lock on a directory if it is free now; nil when another process holds it.
    package static func ifFree(directory: FilePath) throws(SystemCallError) -> FileLock? {
        let file = try OwnedFD.open(directory, [.readOnly, .directory])
        guard try file.lock(.exclusive, wait: false, "\(directory)") else { return nil }
        return FileLock(holding: file)
    }

    private init(holding file: consuming OwnedFD) { self.file = file }

    /// Frees the lock at once, also where other processes have inherited it (`LOCK_UN`).
    package consuming func free() throws(SystemCallError) {
        let descriptor = file.rawValue
        try kernel("flock", "a lock") { flock(descriptor, LOCK_UN) }
    }
}

/// How many may hold a file's lock.
package enum LockMode: Sendable {
    /// `LOCK_SH`: others that share it too.
    case shared
    /// `LOCK_EX`: nobody else.
    case exclusive
}

extension OwnedFD {
    /// Takes the file's lock, which ends with the last descriptor of this opening: `flock(2)`.
    ///
    /// - Parameters:
    ///   - mode: shared or exclusive.
    ///   - wait: whether to wait for another holder.
    ///   - name: the file's name, for the error.
    /// - Returns: false when another holds it and `wait` is false.
    /// - Throws: what the kernel refuses otherwise.
    package borrowing func lock(
        _ mode: LockMode, wait: Bool, _ name: @autoclosure () -> String
    ) throws(SystemCallError) -> Bool {
        let descriptor = rawValue
        let operation = (mode == .shared ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB)
        do {
            try kernel("flock", name()) { flock(descriptor, operation) }
            return true
        } catch  where error.errno == .wouldBlock {
            return false
        }
    }
}
