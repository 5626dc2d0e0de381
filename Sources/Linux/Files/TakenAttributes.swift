import SystemPackage

extension OwnedFD {
    /// Gives the open file what another has beside its content.
    ///
    /// In this order: a change of the owner takes capabilities away.
    ///
    /// - Parameters:
    ///   - status: of the other: its permissions and its time of modification are taken.
    ///   - original: the other, whose extended attributes are taken.
    ///   - owner: whom the file shall belong to.
    ///   - isMapped: whether that is somebody of another user namespace: users in ACLs are numbers
    ///     of this one.
    /// - Throws: the kernel's refusal.
    package borrowing func takeOver(
        _ status: FileStatus, of original: borrowing OwnedFD, owner: OwnerIDs, isMapped: Bool
    ) throws(SystemCallError) {
        try changeOwner(user: owner.user, group: owner.group)
        try changePermissions(to: FilePermissions(rawValue: status.permissions))
        for name in try original.extendedAttributeNames()
        where Self.isCopied(name, isMapped: isMapped) {
            guard let value = try original.extendedAttribute(name) else { continue }
            do throws(SystemCallError) {
                try setExtendedAttribute(name, to: value)
            } catch  where error.errno == .notSupported {
                continue  // the file system has none of this kind
            } catch  where error.errno == .notPermitted && !Self.isForOwners(name) {
                continue  // only the host's root sets these
            }
        }
        try setModified(status.modified)
    }

    /// Whether an attribute goes with a file into another file system.
    ///
    /// Those of overlayfs would mean something else there, and labels are the mount's.
    private static func isCopied(_ name: String, isMapped: Bool) -> Bool {
        !name.hasPrefix("trusted.overlay.") && !name.hasPrefix("user.overlay.")
            && name != "security.selinux" && !(isMapped && name.hasPrefix("system.posix_acl_"))
    }

    /// Whether who owns the files of a user namespace may set it.
    private static func isForOwners(_ name: String) -> Bool {
        name == "security.capability" || name.hasPrefix("user.")
            || name.hasPrefix("system.posix_acl_")
    }
}
