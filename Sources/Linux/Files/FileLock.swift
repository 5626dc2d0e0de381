import Glibc
package import SystemPackage

/// A lock on a file among processes, held while the value lives.
///
/// The system call is `flock(2)`; the kernel frees it when the process ends.
package struct FileLock: ~Copyable, Sendable {
    private let file: OwnedFD

    /// Waits for the lock on a file, which is made where it is missing.
    package init(_ path: FilePath, _ mode: Mode) throws(SystemCallError) {
        let opened = try OwnedFD.open(path, [.readWrite, .create], permissions: .ownerReadWrite)
        let descriptor = opened.rawValue
        try kernel("flock", "\(path)") { flock(descriptor, mode.rawValue) }
        file = opened
    }

    /// Takes the lock if it is free now; nil when another process holds it.
    package static func ifFree(
        _ path: FilePath, _ mode: Mode
    ) throws(SystemCallError) -> FileLock? {
        let file = try OwnedFD.open(path, [.readWrite, .create], permissions: .ownerReadWrite)
        do throws(SystemCallError) {
            let descriptor = file.rawValue
            try kernel("flock", "\(path)") { flock(descriptor, mode.rawValue | LOCK_NB) }
        } catch  where error.errno == .wouldBlock {
            return nil
        }
        return FileLock(holding: file)
    }

    private init(holding file: consuming OwnedFD) { self.file = file }

    /// Who else may hold the lock at the same time.
    package struct Mode: Sendable {
        fileprivate let rawValue: CInt
        /// `LOCK_SH`: others that share it too.
        package static let shared = Mode(rawValue: LOCK_SH)
        /// `LOCK_EX`: nobody.
        package static let exclusive = Mode(rawValue: LOCK_EX)
    }
}
