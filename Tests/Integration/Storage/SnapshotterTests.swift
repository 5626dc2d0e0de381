import Foundation
import Testing

/// What every way to keep layers must do, from `load` to `rmi`; podman shows what images hold.
@Suite(.enabled(if: isRoot)) struct SnapshotterTests {
    /// The values of the environment variable on this machine.
    private static let ways =
        (canMountErofs ? ["directory", "erofs", "auto"] : ["directory"])
        + (canShareFiles ? ["composefs"] : [])

    private func kade(_ way: String) throws -> Kade {
        try Kade.withBusybox(environment: ["KADE_SNAPSHOTTER": way])
    }

    /// A layer of this machine's Debian, one with a bit of everything, and one that takes away.
    private static let makeTrees = """
        cd "$1"; mkdir -p one/usr/lib one/usr/share one/bin two/dir/sub two/opaque three/dir three/opaque
        cp -a /usr/lib/x86_64-linux-gnu/perl-base one/usr/lib; cp -a /usr/share/perl5 one/usr/share
        cp -a /etc one/etc; cp -a /bin/busybox one/bin; cp -a /usr/share/zoneinfo one/usr/share
        cd two; echo plain > dir/file; chown 1234:2345 dir/file; chmod 4711 dir/file
        ln dir/file dir/hard; ln -s ../dir/file dir/sub/link; echo old > opaque/old; echo x > gone
        mknod null c 1 3; mkfifo -m 640 pipe; chown 3000000:4000000 pipe; : > empty
        mkdir -m 1777 tmp; mkdir -m 2750 setgid; truncate -s 300K sparse; echo end >> sparse
        long=$(printf 'l%.0s' $(seq 200)); mkdir $long; echo deep > $long/n$long
        seq 1 3000 | while read -r n; do echo $n > dir/sub/f$n; done
        python3 - <<'END'
        import os
        os.setxattr("dir/file", "security.capability", bytes([1, 0, 0, 2, 0, 32] + [0] * 14))
        os.setxattr("dir", "user.note", b"v" * 900)
        END
        touch -h -d '2001-02-03 04:05:06.789' dir/sub/link null dir/file
        cd ../three; touch .wh.gone dir/.wh.hard opaque/.wh..wh..opq; echo new > opaque/new
        """

    /// Prints the listing of image `$3` of the layout `$2`, as podman shows it in the folder `$1`.
    private static let podmanScript = """
        podman="podman --root $1/graph --runroot $1/run"
        trap '$podman image umount -a > /dev/null; $podman rmi -a -f > /dev/null' EXIT
        ln -s "$2" layout  # podman wants lower case
        $podman pull -q "oci:layout:$3" > id
        list() { \(TreeListing.script)
        }
        (list "$($podman image mount "$(cat id)")")
        """

    @Test(
        .rootOnly("users have no devices, and mount images in `kade unshare` alone"),
        arguments: ways)
    func `an image looks as podman shows it`(way: String) throws {
        let folder = try TemporaryFolder()
        try Tool.check("sh", "-ec", Self.makeTrees, "sh", folder.path)
        let images = try TestImages()
        let trees = ["one", "two", "three"].map(folder.at)
        try images.add(.init(trees: trees, compression: .zstd), as: "example.com/rich:1")
        let theirs = try Tool.check(
            "unshare", "-m", "--propagation", "private", "sh", "-ec",
            "cd \"$1\"; " + Self.podmanScript, "sh", folder.path,
            images.path, "example.com/rich:1")
        let kade = try kade(way)
        try kade.check("load", "-i", images.path)
        let mounted = try kade.check("image", "mount", "example.com/rich:1")
        let ours = try TreeListing.text(of: mounted)
        try kade.check("image", "unmount", "example.com/rich:1")
        #expect(ours.split(separator: "\n").count > 9000)
        #expect(ours.split(separator: "\n") == theirs.split(separator: "\n"))
        try kade.check("create", "--name", "box", "example.com/rich:1")
        try kade.check("export", "-o", folder.at("out.tar"), "box")
        #expect(try TreeListing.text(ofArchive: folder.at("out.tar")) == ours)
        let check = try kade("system", "check")
        #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
    }

    @Test(arguments: ways)
    func `containers run on layers, and what they change becomes one`(way: String) throws {
        let kade = try kade(way)
        try kade.check("run", "--name", "maker", "busybox", "sh", "-c", "echo new > f; rm bin/vi")
        #expect(
            try kade.check("diff", "maker").split(separator: "\n").sorted() == [
                "A /f", "C /bin", "D /bin/vi",
            ])
        try kade.check("commit", "maker", "made:1")
        #expect(try kade.check("run", "--rm", "made:1", "cat", "/f") == "new")
        #expect(try kade("run", "--rm", "made:1", "vi").exitCode == 127)
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test(arguments: ways)
    func `a removed image leaves no mount and no file`(way: String) throws {
        let kade = try kade(way)
        #expect(try kade.check("run", "--rm", "busybox", "echo", "ran") == "ran")
        #expect(try kade.layerMounts().count == (way == "directory" ? 0 : 1))
        try kade.check("run", "--rm", "busybox", "true")
        #expect(try kade.layerMounts().count == (way == "directory" ? 0 : 1))
        try kade.check("rmi", "busybox")
        #expect(try kade.layerMounts().isEmpty)
        #expect(try layers(of: kade).isEmpty)
    }

    @Test(arguments: ways)
    func `a container starts again after somebody has unmounted all`(way: String) throws {
        let kade = try kade(way)
        try kade.check("run", "--name", "box", "busybox", "sh", "-c", "echo x >> /log; cat /log")
        for mount in try kade.layerMounts() { try Tool.check("umount", mount) }
        #expect(try kade.check("diff", "box") == "A /log")
        for mount in try kade.layerMounts() { try Tool.check("umount", mount) }
        #expect(try kade.check("start", "-a", "box") == "x\nx")
    }

    @Test(.enabled(if: canMountErofs))
    func `containers that start at once share one mount`() throws {
        let kade = try kade("erofs")
        let running = try (0..<6).map { _ in
            try kade.start("run", "--rm", "busybox", "echo", "ran")
        }
        for container in running { #expect(try container.wait().output == "ran\n") }
        #expect(try kade.layerMounts().count == 1)
    }

    /// Prints device and inode number of files of all layers, then of those files once they changed.
    private static let numbersScript = """
        files="/ /bin /bin/busybox /one /two /three /own"; echo own > /own
        stat -c '%d %i %n' $files; echo more >> /one; chmod 600 /two; stat -c '%d %i %n' $files
        find / -xdev -name two; du -x /one > /du && echo measured; find / -xdev | wc -l
        find / -path /proc -prune -o -path /sys -prune -o -path /dev -prune -o -print | wc -l
        """

    @Test(
        .rootOnly("users mount images in `kade unshare` alone; RootlessNamespaceTests"),
        arguments: ways)
    func `files of all layers are on one file system`(way: String) throws {
        let kade = try kade(way)
        for (base, name) in [("busybox", "one"), ("one", "two"), ("two", "three")] {
            try kade.check("run", "--name", "make-\(name)", base, "sh", "-c", "echo > /\(name)")
            try kade.check("commit", "make-\(name)", name)
        }
        let lines = try kade("run", "--rm", "three", "sh", "-c", Self.numbersScript).lines
        let (before, after) = (lines.prefix(7), lines.dropFirst(7).prefix(7))
        #expect(Set(before.map { $0.prefix { $0 != " " } }).count == 1, "\(before)")
        #expect(Set(before).count == 7)
        #expect(Array(before) == Array(after), "a change keeps a file's numbers")
        let rest = lines.dropFirst(14)
        #expect(rest.prefix(2) == ["/two", "measured"])
        // What the runtime mounts is found as a directory, and /proc, /sys and /dev are not walked.
        let counts = rest.suffix(2).compactMap { Int($0) }
        #expect(counts.count == 2 && abs(counts[0] - counts[1]) <= 3, "\(counts)")
        let mounted = try kade.check("image", "mount", "three")
        let folder = try TemporaryFolder()
        try Tool.check(
            "sh", "-ec", "tar --one-file-system -C \"$1\" -cf $2/t . && cp -ax \"$1\" $2/copy",
            "sh",
            mounted, folder.path)
        let names = try Tool.run("tar", "-tf", folder.at("t")).lines
        for name in ["./one", "./two", "./three", "./bin/busybox"] {
            #expect(names.contains(name))
            #expect(FileManager.default.fileExists(atPath: folder.at("copy/\(name)")))
        }
        try kade.check("image", "unmount", "three")
    }

    @Test(.enabled(if: canMountErofs))
    func `EROFS images are what a new store has, after one trial for each boot`() throws {
        let kade = try Kade.withBusybox(environment: [:])
        let note = kade.root + "/layers/erofs-works"
        let boot = try Tool.check("cat", "/proc/sys/kernel/random/boot_id")
        #expect(try Tool.check("cat", note) + "\n" == boot)
        let places = try layers(of: kade)
        try #require(places.count == 1)
        #expect(FileManager.default.fileExists(atPath: places[0] + "/image.erofs"))
        try Tool.check("sh", "-ec", "echo another boot > \"$1\"", "sh", note)
        try kade.check("import", try Kade.busyboxArchive.get(), "again")
        #expect(try Tool.check("cat", note) == "another boot\n", "the layer is there: no trial")
        try kade.check("rmi", "busybox", "again")
        try kade.check("import", try Kade.busyboxArchive.get(), "again")
        #expect(try Tool.check("cat", note) + "\n" == boot)
    }

    @Test(.enabled(if: canMountErofs))
    func `a store may have layers of both kinds`() throws {
        let kade = try kade("erofs")
        let other = ["KADE_SNAPSHOTTER": "directory"]
        let archive = try Kade.busyboxArchive.get()
        let folder = try TemporaryFolder()
        try Tool.check("cp", archive, folder.at("other.tar"))
        try folder.write("more\n", to: "more")
        try Tool.check("tar", "-C", folder.path, "-rf", folder.at("other.tar"), "more")
        let outcome = try Tool.start(
            kade.commandLine(["import", folder.at("other.tar"), "other"]), environment: other
        ).wait()
        #expect(outcome.exitCode == 0)
        #expect(try kade.check("run", "--rm", "other", "cat", "/more") == "more")
        #expect(try kade.check("run", "--rm", "busybox", "echo", "image") == "image")
        let kinds = try layers(of: kade).map { place in
            try Tool.check("grep", "-o", "\"kind\":\"[a-z]*\"", place + "/layer.json")
        }
        #expect(kinds.sorted() == ["\"kind\":\"directory\"\n", "\"kind\":\"erofs\"\n"])
        let removal = try Tool.start(
            kade.commandLine(["rmi", "other", "busybox"]), environment: other)
        #expect(try removal.wait().exitCode == 0)
        #expect(try layers(of: kade).isEmpty)
        #expect(try kade.layerMounts().isEmpty)
    }

    @Test func `a snapshotter that is none is refused`() throws {
        let kade = try Kade(environment: ["KADE_SNAPSHOTTER": "floppy"])
        let outcome = try kade("import", try Kade.busyboxArchive.get(), "busybox")
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains("KADE_SNAPSHOTTER=floppy"))
        #expect(outcome.errors.contains("directory, erofs, auto, composefs"))
    }

    @Test(.enabled(if: canMountErofs))
    func `damage to an image's data is found and repaired`() throws {
        let kade = try kade("erofs")
        let place = try #require(try layers(of: kade).first)
        // A file of its own, as the layer of a compressed blob has it.
        try Tool.check(
            "sh", "-ec", "cp $1/archive.tar $1/own; mv $1/own $1/archive.tar; \(Self.damage)", "sh",
            place)
        let check = try kade("system", "check")
        #expect(check.exitCode != 0)
        #expect(check.output.contains("has other content"), "\(check.output)\(check.errors)")
        try kade.check("system", "check", "--repair")
        #expect(try kade("system", "check").exitCode == 0)
        #expect(try kade.check("run", "--rm", "busybox", "echo", "whole") == "whole")
    }

    private static let damage = "printf X | dd of=$1/archive.tar bs=1 seek=100000 conv=notrunc"

    @Test(.enabled(if: canMountErofs))
    func `an uncompressed blob and its layer's archive are one file`() throws {
        let kade = try kade("erofs")
        let place = try #require(try layers(of: kade).first)
        let digest = String(place.suffix(64))
        func links() throws -> String {
            try Tool.check("stat", "-c", "%h", place + "/archive.tar")
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        #expect(try links() == "2")
        let bytes = try kade.check(
            "system", "df", "-v", "--format", "{{.TotalBytes}} {{range .Parts}}{{.Bytes}} {{end}}"
        ).split(separator: " ").compactMap { Int($0) }
        #expect(bytes.first == bytes.dropFirst().reduce(0, +))
        #expect(bytes.allSatisfy { $0 >= 0 })
        // The archive of `docker save` brings such blobs as well.
        let archive = kade.root + "/archive"
        try kade.check("save", "--format", "docker-archive", "-o", archive, "busybox")
        try kade.check("rmi", "busybox")
        try kade.check("load", "-q", "-i", archive)
        #expect(try links() == "2")
        try Tool.check("sh", "-ec", Self.damage, "sh", place)
        let check = try kade("system", "check")
        #expect(check.output.contains("blob sha256:\(digest)"))
        #expect(check.output.contains("its archive is the damaged blob"))
    }

    /// Kills an import, with its helper, ever later, until one gets through.
    @Test(arguments: ways)
    func `an import that is killed at any moment does not hinder the next one`(way: String) throws {
        let kade = try Kade(environment: ["KADE_SNAPSHOTTER": way])
        let archive = try Kade.busyboxArchive.get()
        var delay: UInt32 = 1000
        while true {
            let running = try kade.start("import", archive, "killed:latest")
            usleep(delay)
            for pid in try kade.processes().keys { kill(pid, SIGKILL) }
            if try running.wait().exitCode == 0 { break }
            delay += delay / 2
            try #require(delay < 60_000_000)
        }
        #expect(try kade.check("run", "--rm", "killed", "echo", "whole") == "whole")
        #expect(try kade("system", "check").exitCode == 0)
        let names = try Tool.check("ls", kade.root + "/layers/sha256").split(separator: "\n")
        #expect(names.count == 1)
    }

    /// The places of layers.
    private func layers(of kade: Kade) throws -> [String] {
        try Tool.check("find", kade.root + "/layers/sha256", "-mindepth", "1", "-maxdepth", "1")
            .split(separator: "\n").map(String.init)
    }
}
