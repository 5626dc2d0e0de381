import Glibc
import SystemPackage

/// User namespaces: whether this process is in one, and such that exist for their maps alone.
package enum UserNamespace {
    /// Whether this process is in the machine's first user namespace, where root is the machine's.
    package static func isInitial() throws(SystemCallError) -> Bool {
        IDMap.isIdentity(try File.readText("/proc/self/uid_map"))
    }

    /// Makes a user namespace with these maps, for ``OwnedFD/mapMountOwners(by:isRecursive:)``.
    ///
    /// A child process is born into it and ends once it is held open (`user_namespaces(7)`). Only
    /// for programs without threads.
    package static func make(users: IDMap, groups: IDMap) throws(SystemCallError) -> OwnedFD {
        let pipe = try Pipe()
        switch try clone(.newUser, intoCgroup: nil) {
        case .child:
            // The read ends when the parent has closed its end; the bytes do not matter.
            close(pipe.writing.rawValue)
            var byte: UInt8 = 0
            _exit(CInt(clamping: read(pipe.reading.rawValue, &byte, 1)))
        case .parent(let child):
            let namespace = try open(of: child, users: users, groups: groups)
            close(pipe.writing.release())
            _ = try child.wait()
            return namespace
        }
    }

    private static func open(
        of child: borrowing ChildProcess, users: IDMap, groups: IDMap
    ) throws(SystemCallError) -> OwnedFD {
        do throws(SystemCallError) {
            try users.write(.users, ofProcess: child.id)
            try groups.write(.groups, ofProcess: child.id)
            return try OwnedFD.open(FilePath("/proc/\(child.id)/ns/user"), .readOnly)
        } catch {
            try? child.send(.kill)  // best effort: the first error is the one to tell
            _ = try? child.wait()
            throw error
        }
    }
}
