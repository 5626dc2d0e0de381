/// A mount's options as fstab(5), mount(8) and the runtime-spec name them, taken apart.
///
/// See config.md § Mounts, "Linux mount options", for the table. What is in no table goes to the
/// file system as it is, as the last argument of `mount(2)`.
package struct MountOptions: Sendable, Equatable {
    /// Flags that an option sets.
    package var flags: MountFlags = []
    /// Flags that an option takes away, such as "rw" takes `MS_RDONLY`.
    package var clearedFlags: MountFlags = []
    /// Changes of propagation, in the order they were given.
    package var propagation: [PropagationChange] = []
    /// Attributes of the mount and all mounts beneath it: the options that begin with "r".
    package var recursive = MountAttributeChange()
    /// Options of the file system itself.
    package var data: [String] = []
    /// Whether a tmpfs begins with what it covers: "tmpcopyup".
    package var copiesUp = false
    /// Whether owners are mapped: "idmap" or "ridmap".
    package var ownerMapping: OwnerMapping?

    /// One of "shared", "rslave" and so on.
    package struct PropagationChange: Sendable, Equatable {
        package var propagation: Propagation
        package var isRecursive: Bool
    }

    /// Which mounts show mapped owners.
    package enum OwnerMapping: Sendable {
        /// "idmap": this mount.
        case mount
        /// "ridmap": this mount and all beneath it.
        case tree
    }

    /// Takes options apart; later ones win over earlier ones.
    package init(_ options: [String]) {
        for option in options { add(option) }
    }

    /// The last argument of `mount(2)`.
    package var dataText: String { data.joined(separator: ",") }

    /// Whether this is a bind mount: "bind" or "rbind".
    package var isBind: Bool { flags.contains(.bind) }

    /// Every option that the table knows, in alphabetical order.
    package static var known: [String] {
        (table.map(\.name) + propagationTable.map(\.name) + recursiveTable.map(\.name)
            + ["defaults", "idmap", "ridmap", "tmpcopyup"]).sorted()
    }

    private mutating func add(_ option: String) {
        // A comparison of lengths spares nearly all comparisons of texts.
        let count = option.utf8.count
        let isName = { (name: String) in name.utf8.count == count && name == option }
        if let entry = Self.table.first(where: { isName($0.name) }) {
            if entry.clears {
                flags.subtract(entry.flags)
                clearedFlags.formUnion(entry.flags)
            } else {
                flags.formUnion(entry.flags)
                clearedFlags.subtract(entry.flags)
            }
        } else if let entry = Self.propagationTable.first(where: { isName($0.name) }) {
            propagation.append(entry.change)
        } else if let entry = Self.recursiveTable.first(where: { isName($0.name) }) {
            addRecursive(entry)
        } else {
            addOther(option)
        }
    }

    private mutating func addRecursive(_ entry: RecursiveEntry) {
        if entry.clears {
            recursive.set.subtract(entry.attributes)
            recursive.clear.formUnion(entry.attributes)
        } else {
            recursive.set.formUnion(entry.attributes)
            recursive.clear.subtract(entry.attributes)
        }
        guard entry.isAboutAccessTime else { return }
        // mount_setattr(2) wants the whole field cleared when one of its values is set.
        recursive.set = recursive.set.subtracting(.accessTimeMask)
            .union(entry.clears ? [] : entry.attributes)
        recursive.clear.formUnion(.accessTimeMask)
    }

    private mutating func addOther(_ option: String) {
        switch option {
        case "defaults", "": break
        case "tmpcopyup": copiesUp = true
        case "idmap": ownerMapping = .mount
        case "ridmap": ownerMapping = .tree
        default: data.append(option)
        }
    }

    private struct Entry {
        let name: String
        let clears: Bool
        let flags: MountFlags

        init(_ name: String, sets flags: MountFlags) {
            (self.name, self.clears, self.flags) = (name, false, flags)
        }
        init(_ name: String, clears flags: MountFlags) {
            (self.name, self.clears, self.flags) = (name, true, flags)
        }
    }

    private struct PropagationEntry {
        let name: String
        let change: PropagationChange

        init(_ name: String, _ propagation: Propagation, isRecursive: Bool) {
            self.name = name
            change = PropagationChange(propagation: propagation, isRecursive: isRecursive)
        }
    }

    private struct RecursiveEntry {
        let name: String
        let clears: Bool
        let attributes: MountAttributes
        let isAboutAccessTime: Bool

        init(_ name: String, sets attributes: MountAttributes) {
            (self.name, self.clears, self.attributes) = (name, false, attributes)
            isAboutAccessTime = false
        }
        init(_ name: String, clears attributes: MountAttributes) {
            (self.name, self.clears, self.attributes) = (name, true, attributes)
            isAboutAccessTime = false
        }
        init(_ name: String, accessTime attributes: MountAttributes) {
            (self.name, self.clears, self.attributes) = (name, attributes.isEmpty, attributes)
            isAboutAccessTime = true
        }
    }

    /// The names of all options that are not a file system's own, in order.
    package static var names: [String] {
        (["defaults", "tmpcopyup", "idmap", "ridmap"] + table.map(\.name)
            + propagationTable.map(\.name) + recursiveTable.map(\.name)).sorted()
    }

    private static let table: [Entry] = [
        Entry("acl", sets: .posixACL), Entry("noacl", clears: .posixACL),
        Entry("async", clears: .synchronous), Entry("sync", sets: .synchronous),
        Entry("atime", clears: .noAccessTime), Entry("noatime", sets: .noAccessTime),
        Entry("bind", sets: .bind), Entry("rbind", sets: [.bind, .recursive]),
        Entry("dev", clears: .noDevices), Entry("nodev", sets: .noDevices),
        Entry("diratime", clears: .noDirectoryAccessTime),
        Entry("nodiratime", sets: .noDirectoryAccessTime),
        Entry("dirsync", sets: .synchronousDirectories),
        Entry("exec", clears: .noExecution), Entry("noexec", sets: .noExecution),
        Entry("iversion", sets: .inodeVersion), Entry("noiversion", clears: .inodeVersion),
        Entry("lazytime", sets: .lazyTime), Entry("nolazytime", clears: .lazyTime),
        Entry("loud", clears: .silent), Entry("silent", sets: .silent),
        Entry("mand", sets: .mandatoryLocks), Entry("nomand", clears: .mandatoryLocks),
        Entry("relatime", sets: .relativeAccessTime),
        Entry("norelatime", clears: .relativeAccessTime),
        Entry("remount", sets: .remount),
        Entry("ro", sets: .readOnly), Entry("rw", clears: .readOnly),
        Entry("strictatime", sets: .strictAccessTime),
        Entry("nostrictatime", clears: .strictAccessTime),
        Entry("suid", clears: .noSetUserID), Entry("nosuid", sets: .noSetUserID),
        Entry("symfollow", clears: .noSymbolicLinks), Entry("nosymfollow", sets: .noSymbolicLinks),
    ]

    private static let propagationTable: [PropagationEntry] = [
        PropagationEntry("private", .private, isRecursive: false),
        PropagationEntry("rprivate", .private, isRecursive: true),
        PropagationEntry("rshared", .shared, isRecursive: true),
        PropagationEntry("rslave", .slave, isRecursive: true),
        PropagationEntry("runbindable", .unbindable, isRecursive: true),
        PropagationEntry("shared", .shared, isRecursive: false),
        PropagationEntry("slave", .slave, isRecursive: false),
        PropagationEntry("unbindable", .unbindable, isRecursive: false),
    ]

    /// The recursive options; of access times, relatime (no bit) is what is left without another.
    private static let recursiveTable: [RecursiveEntry] = [
        RecursiveEntry("ratime", accessTime: []),
        RecursiveEntry("rnoatime", accessTime: .noAccessTime),
        RecursiveEntry("rrelatime", accessTime: []),
        RecursiveEntry("rnorelatime", accessTime: .strictAccessTime),
        RecursiveEntry("rstrictatime", accessTime: .strictAccessTime),
        RecursiveEntry("rnostrictatime", accessTime: []),
        RecursiveEntry("rdev", clears: .noDevices), RecursiveEntry("rnodev", sets: .noDevices),
        RecursiveEntry("rdiratime", clears: .noDirectoryAccessTime),
        RecursiveEntry("rnodiratime", sets: .noDirectoryAccessTime),
        RecursiveEntry("rexec", clears: .noExecution),
        RecursiveEntry("rnoexec", sets: .noExecution),
        RecursiveEntry("rro", sets: .readOnly), RecursiveEntry("rrw", clears: .readOnly),
        RecursiveEntry("rsuid", clears: .noSetUserID),
        RecursiveEntry("rnosuid", sets: .noSetUserID),
        RecursiveEntry("rsymfollow", clears: .noSymbolicLinks),
        RecursiveEntry("rnosymfollow", sets: .noSymbolicLinks),
    ]
}
