import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

/// Layers are unpacked as GNU tar unpacks the same archive.
@Suite(.enabled(if: isRoot)) struct UnpackTests {
    /// A tree with one of everything that an archive can hold.
    private static let makeTree = """
        long=$(printf 'l%.0s' $(seq 200))/$(printf 'm%.0s' $(seq 90))
        mkdir -p "$1/dir/sub" "$1/$long"; cd "$1"
        echo plain > dir/file; chmod 4711 dir/file; chown 1234:2345 dir/file
        ln dir/file dir/hard; ln -s ../dir/file dir/sub/link; ln -s /nowhere dangling
        mknod null c 1 3; mknod disk b 8 1; mkfifo -m 640 pipe; chown 7:8 pipe
        head -c 300000 /dev/urandom > random
        truncate -s 5M sparse; printf x | dd of=sparse bs=1 seek=3000000 conv=notrunc 2>/dev/null
        echo deep > $long/$(printf 'n%.0s' $(seq 120)); mkdir -m 1777 tmp; mkdir -m 2750 setgid
        touch -h -d '2001-02-03 04:05:06.789' dir/file dangling null; printf '' > empty
        touch -d '1969-12-31 UTC' random; touch -d '2003-01-01' dir/sub dir tmp; chown -h 5:6 dangling
        """

    private static let listing = """
        cd "$1" && find . ! -path . -printf '%p %y %m %U %G %s %T@ %l %n\\n' |
        awk '$2 == "d" { $6 = "" } $2 == "b" || $2 == "c" { $6 = "" } { print }' | sort
        """

    @Test(
        arguments: [
            "gnu", "pax", "pax --sparse-version=0.0", "pax --sparse-version=0.1", "oldgnu",
        ],
        SnapshotterChoice.here)
    func `a layer looks as GNU tar unpacks it`(
        format: String, choice: SnapshotterChoice
    ) throws {
        for compression in ["cat", "gzip -6", "zstd -3"] {
            try compare(format, compression, choice)
        }
    }

    private func compare(
        _ format: String, _ compression: String, _ choice: SnapshotterChoice
    ) throws {
        let folder = try TemporaryFolder()
        let archive = folder.at("layer.tar")
        try Tool.check("sh", "-ec", Self.makeTree, "sh", folder.at("tree"))
        try Tool.check(
            "sh", "-ec",
            "tar -C \(folder.at("tree")) --sparse --format=\(format) -cf \(archive) . && "
                + "\(compression) < \(archive) > \(archive).compressed && "
                + "mkdir \(folder.at("peer")) && tar -C \(folder.at("peer")) -xpf \(archive)")
        let root = FilePath(folder.at("data"))
        let diffID = try digest(of: archive)
        try unpack("\(archive).compressed", diffID: diffID, into: root, choice)
        #expect(try Layers(root: root).record(of: diffID).kind.rawValue == choice.rawValue)
        let peer = folder.at("peer")
        try withPrivateMounts { place in
            try OverlayMount(lower: [Layers(root: root).show(diffID)], upper: nil, work: nil)
                .mount(at: place)
            let layer = place.string
            let ours = try Tool.check("sh", "-ec", Self.listing, "sh", layer)
            let theirs = try Tool.check("sh", "-ec", Self.listing, "sh", peer)
            #expect(ours == theirs)
            let compared = try Tool.run("diff", "-r", "--no-dereference", layer, peer)
            #expect(!compared.output.contains("differ"))
            let used = try Tool.check("du", "-skx", root.string).prefix { $0 != "\t" }
            #expect(try #require(Int(used)) < 4096)  // 5 MB of holes are not there
        }
    }

    @Test(arguments: SnapshotterChoice.here)
    func `capabilities of files are kept and trusted attributes dropped`(
        choice: SnapshotterChoice
    ) throws {
        let folder = try TemporaryFolder()
        let archive = folder.at("layer.tar")
        let script = """
            import tarfile, io
            t = tarfile.open("\(archive)", "w", format=tarfile.PAX_FORMAT)
            i = tarfile.TarInfo("f"); i.size = 1; i.uid = 5
            cap = bytes([1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            i.pax_headers = {"SCHILY.xattr.security.capability": cap.decode("latin-1"),
                             "SCHILY.xattr.trusted.overlay.opaque": "y",
                             "SCHILY.xattr.user.note": "hello"}
            t.addfile(i, io.BytesIO(b"x"))
            t.close()
            """
        try Tool.check("python3", "-c", script)
        let root = FilePath(folder.at("data"))
        let diffID = try unpack(archive, diffID: try digest(of: archive), into: root, choice)
        try withPrivateMounts { _ in
            let file = try Layers(root: root).show(diffID).appending("f")
            let names = try ExtendedAttributes.names(of: file)
            #expect(names.contains("security.capability"))
            #expect(!names.contains("trusted.overlay.opaque"))
            #expect(try ExtendedAttributes.value(of: "user.note", on: file) == Array("hello".utf8))
        }
    }

    @Test func `a full disk is an error that leaves the disk empty`() throws {
        let folder = try TemporaryFolder()
        let archive = folder.at("layer.tar")
        try Tool.check(
            "sh", "-ec",
            "head -c 20000000 /dev/urandom > \(folder.at("big")) && "
                + "tar -C \(folder.path) -cf \(archive) big")
        let diffID = try digest(of: archive)
        try withPrivateMounts { place in
            let data = place.appending("data")
            try Directory.make(data, permissions: .directoryDefault)
            try Mount.mount("tmpfs", at: data, type: "tmpfs", [], data: "size=8m")
            let problem = try #require(throws: Problem.self) {
                try unpack(archive, diffID: diffID, into: data)
            }
            #expect(problem.kind == .exhausted)
            #expect(try Directory.list(data.appending("layers/sha256")).isEmpty)
        }
    }

    @Test(arguments: SnapshotterChoice.here)
    func `two threads that unpack the same layer do it once`(choice: SnapshotterChoice) throws {
        let folder = try TemporaryFolder()
        let archive = folder.at("layer.tar")
        // A directory that nobody changes meanwhile.
        try Tool.check("tar", "-C", "/usr/share/zoneinfo", "-cf", archive, ".")
        let diffID = try digest(of: archive)
        let root = FilePath(folder.at("data"))
        let first = Background { try unpack(archive, diffID: diffID, into: root, choice) }
        let second = Background { try unpack(archive, diffID: diffID, into: root, choice) }
        try first.wait()
        try second.wait()
        #expect(try Layers(root: root).list() == [diffID])
    }
}
