import CLinux
import SystemPackage

/// Lets the calling thread be somebody else for files, with all the rights over them that it has,
/// until its owner lets it go.
///
/// What the thread makes meanwhile belongs to them. Where owners are shown through maps
/// (`MOUNT_ATTR_IDMAP`) somebody who has no place in the maps can make nothing: the machine's root
/// cannot either.
///
/// The system calls are `setfsuid(2)` and `setfsgid(2)`, which take a thread's capabilities over
/// files along with root's number, and `capset(2)`, which gives them back.
package struct FileSystemIdentity: ~Copyable {
    private let before: OwnerIDs

    /// Makes the thread somebody else.
    ///
    /// - Parameter owner: who.
    /// - Throws: the kernel's refusal.
    package init(_ owner: OwnerIDs) throws(SystemCallError) {
        let rights = try ProcessCapabilities(of: 0)
        let earlier = OwnerIDs(
            user: clinux_setfsuid(owner.user), group: clinux_setfsgid(owner.group))
        do throws(SystemCallError) {
            // An ID that nobody has changes nothing, and tells who it is.
            guard clinux_setfsuid(.max) == owner.user, clinux_setfsgid(.max) == owner.group else {
                throw SystemCallError(
                    call: "setfsuid", subject: "\(owner.user):\(owner.group)",
                    errno: .notPermitted)
            }
            try rights.apply()
        } catch {
            Self.become(earlier)
            throw error
        }
        before = earlier
    }

    deinit { Self.become(before) }

    /// The way back is always open: they are the thread's real user and group.
    private static func become(_ owner: OwnerIDs) {
        _ = clinux_setfsgid(owner.group)
        _ = clinux_setfsuid(owner.user)
    }
}
