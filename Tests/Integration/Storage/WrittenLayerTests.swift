import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing
import Unpacking

/// A layer that was written says what the overlay's upper directory says, to Kade and to others.
@Suite(.enabled(if: isRoot)) struct WrittenLayerTests {
    /// A root file system as a base image might have it.
    private static let makeBase = """
        cd "$1"; mkdir -p etc/conf.d usr/share/doc old/deep swap tmp opaque/sub keep
        echo one > etc/one; echo two > etc/two; echo c > etc/conf.d/c; echo d > usr/share/doc/d
        echo x > old/deep/x; echo f > swap/f; echo was > file; ln file linked; chmod 1777 tmp
        echo o > opaque/o; echo s > opaque/sub/s; ln -s etc link; echo k > keep/k
        """

    /// What a container might do to it.
    private static let change = """
        cd "$1"; echo more >> etc/one; rm etc/two; rm -r old; rm -r swap; echo file > swap
        rm file; mkdir file; echo in > file/in; echo linked >> linked
        rm -r opaque; mkdir -m 750 opaque; echo n > opaque/n; mkdir -p opaque/sub/new
        long=$(printf 'l%.0s' $(seq 200))/$(printf 'm%.0s' $(seq 200)); mkdir -p "new/$long"
        echo deep > "new/$long/file"; ln -s "$long/file" new/longlink; ln "new/$long/file" new/hard
        mknod new/null c 1 3; mknod new/disk b 8 1; mkfifo -m 640 new/pipe
        echo suid > new/suid; chown 1234:5678 new/suid; chmod 6755 new/suid
        chown 4000000:5000000 new/pipe; rm link; ln -s usr link; chmod 700 keep; chown 9:9 keep
        truncate -s 5M new/sparse
        printf x | dd of=new/sparse bs=1 seek=3000000 conv=notrunc 2>/dev/null
        echo cap > new/cap; python3 - <<'END'
        import os
        os.setxattr("new/cap", "security.capability", bytes([1, 0, 0, 2, 0, 32] + [0] * 14))
        for name, note in [("new/cap", b"hello"), ("new", b"a\\0b"), ("new/suid", b"")]:
            os.setxattr(name, "user.note", note)
        END
        touch -h -d '2001-02-03 04:05:06.789' new/longlink new/suid; touch -d '1969-12-31 UTC' new/cap
        printf 'caf\\351' > "$(printf 'new/caf\\351')"; touch gone; rm gone; mkdir gone; rmdir gone
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("new/socket")'
        """

    /// A base layer, and an overlay on it whose upper directory has changes.
    private struct Image {
        let folder: TemporaryFolder
        let root: FilePath
        let store: ContentStore
        let layers: Layers
        let base: Digest
        /// What the overlay shows, as ``TreeListing`` tells it.
        let shown: String

        init() throws {
            let folder = try TemporaryFolder()
            self.folder = folder
            root = FilePath(folder.at("data"))
            store = try ContentStore(root: root)
            layers = try Layers(root: root)
            try Tool.check("mkdir", folder.at("base"))
            try Tool.check("sh", "-ec", makeBase, "sh", folder.at("base"))
            try Tool.check("tar", "-C", folder.at("base"), "-cf", folder.at("base.tar"), ".")
            base = try unpack(
                folder.at("base.tar"), diffID: try digest(of: folder.at("base.tar")), into: root)
            let (root, base) = (root, base)
            try withPrivateMounts { place in
                try Snapshots(root: root).prepare(container: "c", layers: [base])
                    .mount(at: place)
                try Tool.check("sh", "-ec", change, "sh", place.string)
                let text = try TreeListing.text(of: place.string)
                try folder.write(text, to: "shown")
            }
            shown = try folder.text("shown")
        }

        func write(_ compression: LayerCompression) throws -> NewLayer {
            let lease = try store.lease()
            defer { withExtendedLifetime(lease) {} }
            return try store.writeLayer(
                of: .overlay(
                    try Snapshots(root: root).prepare(container: "c", layers: [base])),
                LayerOptions(
                    compression: compression, latestTime: nil, withoutMountPoints: [], ownersIn: nil
                ),
                into: layers,
                under: lease)
        }

        /// What lower directories show when they are stacked.
        func listing(of lower: [FilePath]) throws -> String {
            let folder = folder
            try withPrivateMounts { place in
                try OverlayMount(lower: lower, upper: nil, work: nil).mount(at: place)
                try folder.write(
                    try TreeListing.text(of: place.string),
                    to: "listing")
            }
            return try folder.text("listing")
        }
    }

    @Test(arguments: [LayerCompression.uncompressed, .gzip, .zstd])
    func `the layers show what the overlay showed`(compression: LayerCompression) throws {
        let image = try Image()
        let layer = try image.write(compression)
        #expect(layer.tally.skippedSockets == 1)
        let lower = [image.layers.path(of: layer.diffID), image.layers.path(of: image.base)]
        #expect(try image.listing(of: lower) == image.shown)
        #expect(try image.write(compression).descriptor == layer.descriptor)
        let blob = image.store.path(of: layer.descriptor.digest).string
        let plain = ["uncompressed": "cat", "gzip": "gzip -dc", "zstd": "zstd -dc"]
        let command = try #require(plain["\(compression)"])
        let sum = try Tool.check("sh", "-ec", "\(command) < \(blob) | sha256sum")
        #expect("sha256:" + sum.prefix(64) == "\(layer.diffID)")
    }

    @Test func `only marks that hide something are in the archive`() throws {
        let image = try Image()
        let blob = image.store.path(of: try image.write(.uncompressed).descriptor.digest).string
        let names = try Tool.check("sh", "-ec", "tar -tf \(blob) | grep -F .wh.").split(
            separator: "\n")
        #expect(names == ["etc/.wh.two", ".wh.old", "opaque/.wh..wh..opq"])
    }

    @Test func `the whole tree as an archive is what GNU tar and Kade unpack`() throws {
        let image = try Image()
        let archive = FilePath(image.folder.at("tree.tar"))
        let upper = image.root.appending("containers/c/upper")
        let output = try OwnedFD.open(
            archive, [.writeOnly, .create], permissions: .ownerReadWrite)
        let tree = TreeArchive(
            layers: [upper, image.layers.path(of: image.base)], latestTime: nil, ownersIn: nil)
        let tally = try tree.write(to: output, named: "\(archive)")
        #expect(tally.skippedSockets == 1)
        let peer = image.folder.at("peer")
        try Tool.check(
            "sh", "-ec",
            "mkdir \(peer) && tar -C \(peer) --xattrs --xattrs-include='*' -xpf \(archive)")
        #expect(try TreeListing.text(of: peer) == image.shown)
        let diffID = try unpack(
            archive.string, diffID: try digest(of: archive.string), into: image.root)
        #expect(try image.listing(of: [image.layers.path(of: diffID)]) == image.shown)
    }
}
