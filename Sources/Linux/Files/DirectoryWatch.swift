import Glibc
package import SystemPackage

/// Tells when files of a directory are made, written or renamed (`inotify(7)`).
package struct DirectoryWatch: ~Copyable, Sendable {
    private let queue: OwnedFD

    /// Begins to watch.
    ///
    /// The system calls are `inotify_init1(2)` and `inotify_add_watch(2)`.
    package init(_ directory: FilePath) throws(SystemCallError) {
        let queue = OwnedFD(
            adopting: try kernel("inotify_init1", "") {
                inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
            })
        let descriptor = queue.rawValue
        try kernel("inotify_add_watch", "\(directory)") {
            directory.withPlatformString {
                inotify_add_watch(
                    descriptor, $0, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
            }
        }
        self.queue = queue
    }

    /// The descriptor to wait for; readable when something has changed.
    package var descriptor: CInt { queue.rawValue }

    /// Forgets the changes so far.
    package borrowing func takeChanges() throws(SystemCallError) {
        do throws(SystemCallError) {
            while try !queue.read(upToBytes: 4096).isEmpty {}
        } catch  where error.errno == .wouldBlock {
            return
        }
    }
}
