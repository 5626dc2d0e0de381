/// What a mount's options mean for the new mount calls.
extension MountOptions {
    /// The flags that are properties of one mount, as a change of its attributes.
    ///
    /// What no option speaks of stays as it is: a bind mount keeps its source's `nosuid`.
    package var attributeChange: MountAttributeChange {
        var change = MountAttributeChange()
        for (flag, attribute) in Self.attributeTable {
            if flags.contains(flag) { change.set.insert(attribute) }
            if clearedFlags.contains(flag) { change.clear.insert(attribute) }
        }
        let touchesAccessTime =
            !change.set.isDisjoint(with: .accessTimeMask)
            || !change.clear.isDisjoint(with: .accessTimeMask)
            || flags.contains(.relativeAccessTime)
        if touchesAccessTime { change.clear.formUnion(.accessTimeMask) }
        return change
    }

    /// The flags that belong to the whole file system, by their names for `fsconfig(2)`.
    package var fileSystemFlags: [String] {
        Self.fileSystemTable.filter { flags.contains($0.flag) }.map(\.name)
    }

    /// The flags that belong to the whole file system.
    package static var fileSystemFlags: MountFlags {
        fileSystemTable.reduce(into: []) { $0.formUnion($1.flag) }
    }

    private static let attributeTable: [(MountFlags, MountAttributes)] = [
        (.readOnly, .readOnly), (.noSetUserID, .noSetUserID), (.noDevices, .noDevices),
        (.noExecution, .noExecution), (.noAccessTime, .noAccessTime),
        (.noDirectoryAccessTime, .noDirectoryAccessTime),
        (.strictAccessTime, .strictAccessTime), (.noSymbolicLinks, .noSymbolicLinks),
    ]

    private static let fileSystemTable: [(flag: MountFlags, name: String)] = [
        (.synchronous, "sync"), (.synchronousDirectories, "dirsync"),
        (.mandatoryLocks, "mand"), (.lazyTime, "lazytime"), (.inodeVersion, "iversion"),
        (.posixACL, "acl"),
    ]
}
