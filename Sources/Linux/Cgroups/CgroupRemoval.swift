import Glibc
import SystemPackage

extension Cgroup {
    /// Removes the cgroup and those below it from every hierarchy.
    ///
    /// A process that was killed leaves its cgroup only when it is dead, so that the kernel may say
    /// EBUSY for a while: it is asked again for up to five seconds. What is gone already is no error.
    ///
    /// - Throws: EBUSY when a process lives in it, and what the kernel says otherwise.
    package func remove() throws(SystemCallError) {
        var patience = Patience()
        for hierarchy in layout.hierarchies {
            let directory = hierarchy.directory(of: path)
            while try !Self.removeTree(directory) {
                guard patience.pause() else {
                    throw SystemCallError(
                        call: "rmdir", subject: directory.string, errno: .resourceBusy)
                }
            }
        }
    }

    /// Removes a directory, and its children only when it has some.
    private static func removeTree(_ directory: FilePath) throws(SystemCallError) -> Bool {
        if try CgroupDirectory.remove(directory) { return true }
        let nested = try CgroupDirectory.tree(directory)
        for child in nested.reversed() {
            guard try CgroupDirectory.remove(child) else { return false }
        }
        return true
    }

    /// Pauses that grow from 0.1 to 20 ms, until they add up to five seconds.
    private struct Patience {
        private var nextInMicroseconds: UInt32 = 100
        private var leftInMicroseconds: UInt32 = 5_000_000

        /// Sleeps, unless patience is at its end.
        mutating func pause() -> Bool {
            guard leftInMicroseconds > nextInMicroseconds else { return false }
            usleep(nextInMicroseconds)
            leftInMicroseconds -= nextInMicroseconds
            nextInMicroseconds = min(nextInMicroseconds * 2, 20_000)
            return true
        }
    }
}
