import Storage
import SystemPackage

/// An archive that tries to reach outside the directory it is unpacked in.
struct HostileArchive: Sendable, CustomStringConvertible {
    let description: String
    let tar: TarBuilder

    init(_ description: String, _ build: (inout TarBuilder) -> Void) {
        self.description = description
        var tar = TarBuilder()
        tar.add(file: "harmless", "x")
        build(&tar)
        self.tar = tar
    }

    static let all = [
        HostileArchive("a name with ..") { $0.add(file: "../outside", "evil") },
        HostileArchive("a name with .. in the middle") { $0.add(file: "a/../../outside", "evil") },
        HostileArchive("an absolute name") { $0.add(file: "/tmp/kade-evil", "evil") },
        HostileArchive("a PAX path with ..") {
            $0.add(pax: [("path", "../../outside")])
            $0.add(file: "f", "evil")
        },
        HostileArchive("a prefix with ..") {
            var header = TarBuilder.Header("outside")
            header.prefix = "../.."
            $0.add(header)
        },
        HostileArchive("through an absolute link") {
            $0.add(link: "out", to: "/tmp", "2")
            $0.add(file: "out/kade-evil", "evil")
        },
        HostileArchive("through a relative link") {
            $0.add(link: "out", to: "../../../..", "2")
            $0.add(file: "out/outside", "evil")
        },
        HostileArchive("through a chain of links") {
            $0.add(link: "one", to: "dir/two", "2")
            $0.add(link: "dir/two", to: "../../..", "2")
            $0.add(file: "one/outside", "evil")
        },
        HostileArchive("a directory through a link") {
            $0.add(link: "out", to: "/tmp", "2")
            $0.add(.init("out/kade-evil/", "5"))
        },
        HostileArchive("a hard link to an absolute name") {
            $0.add(link: "h", to: "/etc/passwd", "1")
        },
        HostileArchive("a hard link to a name with ..") {
            $0.add(link: "h", to: "../../../../outside", "1")
        },
        HostileArchive("a hard link through a link") {
            $0.add(link: "out", to: "/etc", "2")
            $0.add(link: "h", to: "out/passwd", "1")
        },
        HostileArchive("a hard link to the root") { $0.add(link: "h", to: ".", "1") },
        HostileArchive("a symbolic link through a link") {
            $0.add(link: "out", to: "/tmp", "2")
            $0.add(link: "out/kade-evil", to: "x", "2")
        },
        HostileArchive("a device through a link") {
            $0.add(link: "out", to: "/tmp", "2")
            $0.add(.init("out/kade-evil", "6"))
        },
        HostileArchive("a whiteout through a link") {
            $0.add(link: "out", to: "/tmp", "2")
            $0.add(file: "out/.wh.kade-evil", "")
        },
        HostileArchive("a whiteout of ..") { $0.add(file: "a/.wh...", "") },
        HostileArchive("a whiteout of nothing") { $0.add(file: ".wh.", "") },
        HostileArchive("a link to itself as a directory") {
            $0.add(link: "loop", to: "loop", "2")
            $0.add(file: "loop/f", "evil")
        },
        HostileArchive("a file as a directory") { $0.add(file: "harmless/f", "evil") },
        HostileArchive("a root that is a link") { $0.add(link: "./", to: "/tmp", "2") },
        HostileArchive("a sparse file of eight exabytes") {
            $0.add(pax: [
                ("GNU.sparse.size", "999999999999999999"),
                ("GNU.sparse.map", "999999999999999990,5"),
            ])
            $0.add(file: "f", "abcde")
        },
    ]
}

extension SnapshotterChoice {
    /// The ways to keep layers that this machine and user have.
    static let here: [SnapshotterChoice] =
        [.directory] + (ErofsProbe.obstacle(in: "/tmp") == nil ? [.erofs] : [])
        + (ComposefsProbe.obstacle(in: "/tmp") == nil ? [.composefs] : [])
}
