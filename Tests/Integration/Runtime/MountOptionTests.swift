import Linux
import OCI
import Testing

/// Every mount option of the specification's table, seen in the container's mount table, with every
/// runtime of this machine that has it.
@Suite(.enabled(if: isRoot)) struct MountOptionTests {
    @Test(arguments: MountOptionRow.all, RuntimeUnderTest.allCases)
    func `a mount option has its effect`(row: MountOptionRow, runtime: RuntimeUnderTest) throws {
        guard row.runtimes.contains(runtime), runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) { $0.mounts += row.mounts }
        let outcome = try bundle.run(
            shell: "awk '$5 == \"\(row.place)\" { print $6, $7, $NF }' /proc/self/mountinfo")
        // The mount's flags, "shared:7" or a hyphen, and the file system's flags.
        let words = outcome.lines.last?.split { " ,:".contains($0) }.map(String.init) ?? []
        #expect(words.contains("rw") || words.contains("ro"), "\(outcome)")
        #expect(row.shown.map { words.contains($0) } ?? true, "\(words)")
        for word in row.hidden { #expect(!words.contains(word), "\(words)") }
    }

    @Test func `features lists what is tested, and nothing else`() {
        let elsewhere = ["idmap", "ridmap", "tmpcopyup"]  // SpecRow
        #expect((MountOptionRow.all.map(\.option) + elsewhere).sorted() == MountOptions.names)
    }
}

/// What one mount option does.
struct MountOptionRow: Sendable, CustomTestStringConvertible {
    var testDescription: String { option }
    var option: String
    var mounts: [RuntimeSpec.Mount]
    /// The mount that is looked at.
    var place: String
    var shown: String?
    var hidden: [String]
    var runtimes = Set(RuntimeUnderTest.allCases)

    /// A tmpfs with some options, the tested one last.
    private static func tmpfs(
        _ options: String..., shows shown: String? = nil, hides hidden: String...
    ) -> Self {
        .init(
            option: options.last ?? "",
            mounts: [
                .init(destination: "/home", type: "tmpfs", source: "tmpfs", options: options)
            ], place: "/home", shown: shown, hidden: hidden,
            // In crun 1.8 the last of two opposite options does not win.
            runtimes: options.count == 1 ? [.kade, .runc, .crun] : [.kade, .runc])
    }

    /// A mount beneath a recursive bind with the tested option, which had another option before.
    private static func beneath(
        _ option: String, had before: String? = nil, shows shown: String? = nil,
        hides hidden: String...
    ) -> Self {
        .init(
            option: option,
            mounts: [
                .init(destination: "/home", type: "tmpfs", source: "tmpfs"),
                .init(
                    destination: "/home/ann", type: "tmpfs", source: "tmpfs",
                    options: before.map { [$0] } ?? []),
                .init(
                    destination: "/copy", type: "bind", source: "rootfs/home",
                    options: ["rbind", option]),
            ], place: "/copy/ann", shown: shown, hidden: hidden)
    }

    /// Of the versions in Debian 12 not all have it, or have it right.
    private func with(_ runtimes: RuntimeUnderTest...) -> Self {
        var row = self
        row.runtimes = Set(runtimes + [.kade])
        return row
    }

    static let all = plain + propagation + recursive

    private static let plain: [Self] = [
        tmpfs("acl").with(.runc), tmpfs("noacl").with(.runc), tmpfs("sync", "async", hides: "sync"),
        tmpfs("noatime", "atime", hides: "noatime"), tmpfs("defaults").with(.crun),
        tmpfs("nodev", "dev", hides: "nodev"),
        tmpfs("nodiratime", "diratime", hides: "nodiratime"),
        tmpfs("dirsync", shows: "dirsync"), tmpfs("noexec", "exec", hides: "noexec"),
        tmpfs("iversion").with(.runc), tmpfs("iversion", "noiversion"),
        tmpfs("lazytime", shows: "lazytime"),
        tmpfs("lazytime", "nolazytime", hides: "lazytime"), tmpfs("silent", "loud"),
        tmpfs("silent").with(.runc), tmpfs("mand"), tmpfs("mand", "nomand", hides: "mand"),
        tmpfs("noatime", shows: "noatime", hides: "relatime"), tmpfs("nodev", shows: "nodev"),
        tmpfs("nodiratime", shows: "nodiratime"), tmpfs("noexec", shows: "noexec"),
        tmpfs("relatime", "norelatime"), tmpfs("relatime", shows: "relatime"),
        tmpfs("strictatime", "nostrictatime", shows: "relatime"),
        tmpfs("strictatime", hides: "relatime", "noatime"), tmpfs("nosuid", shows: "nosuid"),
        tmpfs("nosymfollow", shows: "nosymfollow").with(),
        tmpfs("nosymfollow", "symfollow", hides: "nosymfollow").with(),
        tmpfs("ro", shows: "ro"), tmpfs("ro", "rw", hides: "ro"),
        tmpfs("nosuid", "suid", hides: "nosuid"), tmpfs("sync", shows: "sync"),
        .init(
            option: "remount",
            mounts: [
                .init(destination: "/home", type: "tmpfs", source: "tmpfs", options: ["nodev"]),
                .init(
                    destination: "/home", type: "tmpfs", source: "tmpfs",
                    options: ["remount", "noexec", "size=64k"]),
            ], place: "/home", shown: "noexec", hidden: ["nodev"]),
        .init(
            option: "bind",
            mounts: [
                .init(
                    destination: "/copy", type: "bind", source: "rootfs/home",
                    options: ["bind", "nodev"])
            ], place: "/copy", shown: "nodev", hidden: []),
        beneath("nodev", hides: "nodev").named("rbind"),
    ]

    private static let propagation: [Self] = [
        tmpfs("shared", "private", hides: "shared"), tmpfs("shared", "rprivate", hides: "shared"),
        tmpfs("shared", shows: "shared").with(.runc), tmpfs("rshared", shows: "shared").with(.runc),
        tmpfs("shared", "slave", hides: "shared"), tmpfs("shared", "rslave", hides: "shared"),
        tmpfs("unbindable", shows: "unbindable").with(.runc),
        tmpfs("runbindable", shows: "unbindable").with(.runc),
    ]

    private static let recursive: [Self] = [
        beneath("ratime", had: "noatime", hides: "noatime").with(),
        beneath("rdev", had: "nodev", hides: "nodev"),
        beneath("rdiratime", had: "nodiratime", hides: "nodiratime").with(.runc),
        beneath("rexec", had: "noexec", hides: "noexec"),
        beneath("rnoatime", shows: "noatime", hides: "relatime").with(.runc),
        beneath("rnodev", shows: "nodev"), beneath("rnodiratime", shows: "nodiratime").with(.runc),
        beneath("rnoexec", shows: "noexec"), beneath("rnorelatime", hides: "relatime").with(),
        beneath("rnostrictatime", had: "strictatime", shows: "relatime").with(),
        beneath("rnosuid", shows: "nosuid"),
        beneath("rnosymfollow", shows: "nosymfollow").with(),
        beneath("rrelatime", had: "noatime", shows: "relatime", hides: "noatime").with(.runc),
        beneath("rro", shows: "ro"), beneath("rrw", had: "ro", hides: "ro"),
        beneath("rstrictatime", had: "noatime", hides: "relatime", "noatime").with(.runc),
        beneath("rsuid", had: "nosuid", hides: "nosuid"),
        beneath("rsymfollow", had: "nosymfollow", hides: "nosymfollow").with(),
    ]

    /// The same for an option that comes with the tested one.
    private func named(_ option: String) -> Self {
        var row = self
        row.option = option
        return row
    }
}
