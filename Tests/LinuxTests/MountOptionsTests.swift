import Linux
import Testing

@Suite struct MountOptionsTests {
    /// The runtime-spec's table (config.md § Mounts, "Linux mount options"), without propagation.
    static let flagTable: [(String, sets: MountFlags, clears: MountFlags)] = [
        ("async", [], .synchronous), ("atime", [], .noAccessTime), ("bind", .bind, []),
        ("defaults", [], []), ("dev", [], .noDevices), ("diratime", [], .noDirectoryAccessTime),
        ("dirsync", .synchronousDirectories, []), ("exec", [], .noExecution),
        ("iversion", .inodeVersion, []), ("lazytime", .lazyTime, []), ("loud", [], .silent),
        ("mand", .mandatoryLocks, []), ("noatime", .noAccessTime, []), ("nodev", .noDevices, []),
        ("nodiratime", .noDirectoryAccessTime, []), ("noexec", .noExecution, []),
        ("noiversion", [], .inodeVersion), ("nolazytime", [], .lazyTime),
        ("nomand", [], .mandatoryLocks), ("norelatime", [], .relativeAccessTime),
        ("nostrictatime", [], .strictAccessTime), ("nosuid", .noSetUserID, []),
        ("nosymfollow", .noSymbolicLinks, []), ("rbind", [.bind, .recursive], []),
        ("relatime", .relativeAccessTime, []), ("remount", .remount, []), ("ro", .readOnly, []),
        ("rw", [], .readOnly), ("silent", .silent, []), ("strictatime", .strictAccessTime, []),
        ("suid", [], .noSetUserID), ("symfollow", [], .noSymbolicLinks), ("sync", .synchronous, []),
        ("acl", .posixACL, []), ("noacl", [], .posixACL),
    ]

    @Test(arguments: flagTable)
    func `an option of the table sets or clears its flag`(
        option: String, sets: MountFlags, clears: MountFlags
    ) {
        let options = MountOptions([option])
        #expect(options.flags == sets)
        #expect(options.clearedFlags == clears)
        #expect(options.data.isEmpty)
    }

    @Test(arguments: [
        ("private", Propagation.private, false), ("rprivate", .private, true),
        ("shared", .shared, false), ("rshared", .shared, true), ("slave", .slave, false),
        ("rslave", .slave, true), ("unbindable", .unbindable, false),
        ("runbindable", .unbindable, true),
    ])
    func `propagation is kept apart from flags`(
        option: String, propagation: Propagation, isRecursive: Bool
    ) {
        let options = MountOptions([option])
        #expect(options.propagation.map(\.propagation) == [propagation])
        #expect(options.propagation.map(\.isRecursive) == [isRecursive])
        #expect(options.flags.isEmpty)
    }

    static let recursiveTable: [(String, sets: MountAttributes, clears: MountAttributes)] = [
        ("ratime", [], .accessTimeMask), ("rdev", [], .noDevices),
        ("rdiratime", [], .noDirectoryAccessTime), ("rexec", [], .noExecution),
        ("rnoatime", .noAccessTime, .accessTimeMask), ("rnodev", .noDevices, []),
        ("rnodiratime", .noDirectoryAccessTime, []), ("rnoexec", .noExecution, []),
        ("rnorelatime", .strictAccessTime, .accessTimeMask),
        ("rnostrictatime", [], .accessTimeMask), ("rnosuid", .noSetUserID, []),
        ("rnosymfollow", .noSymbolicLinks, []), ("rrelatime", [], .accessTimeMask),
        ("rro", .readOnly, []), ("rrw", [], .readOnly),
        ("rstrictatime", .strictAccessTime, .accessTimeMask), ("rsuid", [], .noSetUserID),
        ("rsymfollow", [], .noSymbolicLinks),
    ]

    @Test(arguments: recursiveTable)
    func `a recursive option changes attributes of the whole tree`(
        option: String, sets: MountAttributes, clears: MountAttributes
    ) {
        let options = MountOptions([option])
        #expect(options.recursive.set == sets)
        #expect(options.recursive.clear == clears)
        #expect(options.flags.isEmpty)
    }

    @Test func `what no table knows goes to the file system`() {
        let options = MountOptions(["nosuid", "size=64m", "mode=1777", "newinstance"])
        #expect(options.dataText == "size=64m,mode=1777,newinstance")
    }

    @Test func `tmpcopyup, idmap and ridmap are for the runtime`() {
        #expect(MountOptions(["tmpcopyup"]).copiesUp)
        #expect(MountOptions(["idmap"]).ownerMapping == .mount)
        #expect(MountOptions(["ridmap"]).ownerMapping == .tree)
        #expect(MountOptions(["tmpcopyup", "idmap"]).data.isEmpty)
    }

    @Test func `the last of two opposite options wins`() {
        #expect(!MountOptions(["ro", "rw"]).flags.contains(.readOnly))
        #expect(MountOptions(["rw", "ro"]).flags.contains(.readOnly))
        #expect(MountOptions(["rw", "ro"]).clearedFlags.isEmpty)
        #expect(MountOptions(["rro", "rrw"]).recursive.set.isEmpty)
        #expect(MountOptions(["rnoatime", "rstrictatime"]).recursive.set == .strictAccessTime)
    }

    @Test func `a bind mount keeps what no option speaks of`() {
        let change = MountOptions(["rbind", "ro", "suid"]).attributeChange
        #expect(change.set == .readOnly)
        #expect(change.clear == .noSetUserID)
    }

    @Test(arguments: ["noatime", "strictatime", "relatime", "atime"])
    func `the kernel wants the access time field cleared whole`(option: String) {
        #expect(MountOptions([option]).attributeChange.clear.isSuperset(of: .accessTimeMask))
    }

    @Test func `the list of known options holds every one once`() {
        let known = MountOptions.known
        #expect(Set(known).count == known.count)
        #expect(known.count == 35 - 1 + 8 + 18 + 4)
        #expect(known.contains("rro") && known.contains("defaults") && known.contains("idmap"))
    }
}
