import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@Suite(.enabled(if: isRoot)) struct SnapshotTests {
    /// Two layers: the second removes, replaces and hides what the first has.
    private static let makeLayers = """
        cd "$1"; mkdir -p one/etc one/opaque two/etc two/opaque
        echo root:x:0:0 > one/etc/passwd; echo x > one/etc/gone; echo old > one/opaque/old
        echo k > one/keep; touch two/etc/.wh.gone two/opaque/.wh..wh..opq
        echo new > two/opaque/new; ln -s ../etc/passwd two/opaque/link; ln -s /etc/passwd two/link
        tar -C one -cf one.tar etc opaque keep; tar -C two -cf two.tar etc opaque link
        """

    private struct Image {
        let folder: TemporaryFolder
        let root: FilePath
        let diffIDs: [Digest]

        init(_ choice: SnapshotterChoice) throws {
            folder = try TemporaryFolder()
            root = FilePath(folder.at("data"))
            try Tool.check("sh", "-ec", makeLayers, "sh", folder.path)
            var diffIDs: [Digest] = []
            for archive in [folder.at("one.tar"), folder.at("two.tar")] {
                diffIDs.append(
                    try unpack(archive, diffID: try digest(of: archive), into: root, choice))
            }
            self.diffIDs = diffIDs
        }
    }

    @Test(arguments: SnapshotterChoice.here)
    func `an overlay of layers shows what whiteouts leave, and diff what changes`(
        choice: SnapshotterChoice
    ) throws {
        let image = try Image(choice)
        let (root, diffIDs) = (image.root, image.diffIDs)
        try withPrivateMounts { place in
            let overlay = try Snapshots(root: root).prepare(container: "c", layers: diffIDs)
            try overlay.mount(at: place)
            #expect(File.exists(place.appending("etc/passwd")))
            #expect(!File.exists(place.appending("etc/gone")))
            #expect(!File.exists(place.appending("opaque/old")))
            #expect(try File.readText(place.appending("opaque/new")) == "new\n")
            try Tool.check(
                "sh", "-ec",
                """
                cd \(place.string); echo hi > etc/added; rm keep; echo x >> etc/passwd
                rm -r opaque; mkdir opaque; touch opaque/again; mkdir -p new/dir; chmod 700 new
                """)
            let again = try Snapshots(root: root).prepare(container: "c", layers: diffIDs)
            let changes = try Snapshot.overlay(again).changes().map {
                "\($0.kind.rawValue) \($0.path)"
            }
            #expect(
                changes == [
                    "C /etc", "A /etc/added", "C /etc/passwd", "D /keep", "A /new", "A /new/dir",
                    "C /opaque", "D /opaque/link", "D /opaque/new", "A /opaque/again",
                ])
        }
        let overlay = try Snapshots(root: root).prepare(container: "c", layers: diffIDs)
        #expect(try Snapshot.overlay(overlay).writtenInBytes() > 0)
        try Snapshots(root: root).remove(container: "c")
        #expect(!File.exists(root.appending("containers/c/upper")))
    }

    @Test(arguments: SnapshotterChoice.here)
    func `files of an image are read without mounting it`(choice: SnapshotterChoice) throws {
        let image = try Image(choice)
        let (root, diffIDs) = (image.root, image.diffIDs)
        try withPrivateMounts { _ in
            let files = try LayerFiles(try Snapshots(root: root).lower(of: diffIDs))
            for path in ["/etc/passwd", "/link", "/opaque/link", "/opaque/../../link"] {
                #expect(
                    try files.read(FilePath(path), limitInBytes: 100)
                        == Array("root:x:0:0\n".utf8))
            }
            for path in ["/etc/gone", "/opaque/old", "/etc", "/nowhere", "/keep/x"] {
                #expect(try files.read(FilePath(path), limitInBytes: 100) == nil)
            }
        }
    }
}
