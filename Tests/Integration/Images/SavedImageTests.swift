import Foundation
import Testing

/// What Kade saves others read, and what others save Kade reads, file by file.
@Suite(.enabled(if: isRoot)) struct SavedImageTests {
    /// Two layers with one of everything that a layer can hold.
    ///
    /// An ordinary user has 65,536 IDs to give, and no devices.
    private static let makeTrees = """
        cd "$1"; long=two/$(printf 'l%.0s' $(seq 200)); mkdir -p one/dir/sub one/gone two/dir "$long"
        echo plain > one/dir/file; chmod 4711 one/dir/file; chown 1234:2345 one/dir/file
        ln one/dir/file one/dir/hard; ln -s ../dir/file one/dir/sub/link; echo x > one/gone/x
        \(Kade.isOrdinary ? "" : "mknod one/null c 1 3;") mkfifo -m 640 one/pipe; chown 7:8 one/pipe; echo old > one/both
        mkdir -m 1777 one/tmp; mkdir -m 2750 two/setgid; chown \(Kade.isOrdinary ? "30000:40000" : "3000000:4000000") two/setgid
        echo new > two/both; echo deep > "$long/$(printf 'n%.0s' $(seq 120))"; echo cap > two/cap
        python3 - <<'END'
        import os
        os.setxattr("two/cap", "security.capability", bytes([1, 0, 0, 2, 0, 32] + [0] * 14))
        END
        find one two -exec touch -h -d @1700000000 {} +
        cp -a one all; cp -a two/. all; rm -r all/gone; touch two/.wh.gone
        """

    /// An instance with that image as `example.com/rich:1`, and what its files are.
    private struct Image {
        let folder: TemporaryFolder
        let kade: Kade
        let listing: String

        init(_ compression: TestImages.Compression) throws {
            folder = try TemporaryFolder()
            kade = try Kade()
            try Tool.check("sh", "-ec", makeTrees, "sh", folder.path)
            listing = try TreeListing.text(of: folder.at("all"))
            let images = try TestImages()
            try images.add(
                .init(
                    trees: [folder.at("one"), folder.at("two")], compression: compression,
                    defaults: ["Cmd": ["/bin/true"], "Labels": ["a": "b"]]),
                as: "example.com/rich:1")
            try kade.check("load", "-i", images.path)
        }
    }

    /// The files of an image as Kade shows them.
    private func listing(of name: String, in kade: Kade) throws -> String {
        let folder = try TemporaryFolder()
        let id = try kade.check("create", name)
        try kade.check("export", "-o", folder.at("out.tar"), id)
        try kade.check("rm", id)
        return try TreeListing.text(ofArchive: folder.at("out.tar"))
    }

    @Test(
        arguments: ["docker", "docker-archive", "oci-archive", "oci-dir", "docker-dir"],
        [TestImages.Compression.none, .gzip, .zstd])
    func `each format is loaded again, and skopeo reads it`(
        format: String, compression: TestImages.Compression
    ) throws {
        let image = try Image(compression)
        let saved = image.folder.at("saved")
        let save = try image.kade("save", "--format", format, "-o", saved, "example.com/rich:1")
        guard format != "docker-dir" || compression != .zstd else {
            #expect(save.exitCode == 1)
            #expect(save.errors.contains("schema 2"))
            return
        }
        #expect(save.exitCode == 0, "\(save.errors)")
        let other = try Kade()
        let loaded = try other.check("load", "-q", "-i", saved)
        #expect(loaded.isEmpty)
        var name = "example.com/rich:1"
        if format == "docker-dir" { name = try other.check("images", "-q") }
        #expect(try listing(of: name, in: other) == image.listing)
        #expect(
            try other.check("inspect", "-f", "{{.Id}} {{.Config.Labels.a}}", name)
                == image.kade.check("inspect", "-f", "{{.Id}} b", "example.com/rich:1"))
        let transports = [
            "docker": "docker-archive:\(saved)", "docker-archive": "docker-archive:\(saved)",
            "oci-archive": "oci-archive:\(saved)", "oci-dir": "oci:\(saved)",
            "docker-dir": "dir:\(saved)",
        ]
        let copy = try Tool.run(
            "skopeo", "copy", "--insecure-policy", try #require(transports[format]),
            "dir:\(image.folder.at("copy"))")
        #expect(copy.exitCode == 0, "\(copy.errors)")
    }

    @Test func `several images and all tags of a name are in one archive`() throws {
        let image = try Image(.gzip)
        let kade = image.kade
        try kade.check("tag", "example.com/rich:1", "example.com/rich:2")
        try kade.check("import", try Kade.busyboxArchive.get(), "busybox:latest")
        let saved = image.folder.at("saved.tar")
        try kade.check("save", "-o", saved, "example.com/rich", "busybox:latest")
        let other = try Kade()
        let loaded = try other.check("load", "-i", saved).split(separator: "\n").sorted()
        #expect(
            loaded == [
                "Loaded image: busybox:latest", "Loaded image: example.com/rich:1",
                "Loaded image: example.com/rich:2",
            ])
        for name in ["busybox:latest", "example.com/rich:2"] {
            #expect(
                try other.check("inspect", "-f", "{{.Id}}", name)
                    == kade.check("inspect", "-f", "{{.Id}}", name))
        }
        try kade.check("save", "-o", saved + "2", "example.com/rich", "busybox:latest")
        #expect(try Tool.run("cmp", saved, saved + "2").exitCode == 0)
        #expect(
            try kade(
                "save", "--format", "oci-archive", "-o", saved, "busybox", "example.com/rich:1"
            )
            .exitCode == 1)
        #expect(try kade("save", "-o", saved, "no-such-image").exitCode == 1)
    }

    @Test func `one platform of several is saved and loaded`() throws {
        let folder = try TemporaryFolder()
        let images = try TestImages()
        for name in ["a", "b"] { try folder.write(name, to: "\(name)/\(name)") }
        let parts = try [
            images.add(.init(trees: [folder.at("a")])),
            images.add(.init(trees: [folder.at("b")], architecture: "arm64")),
        ]
        try images.addIndex(of: parts, as: "example.com/both:1")
        let kade = try Kade()
        try kade.check("load", "-i", images.path)
        for (platform, name) in [("linux/amd64", "a"), ("linux/arm64", "b")] {
            let saved = folder.at("\(name).tar")
            try kade.check("save", "--platform", platform, "-o", saved, "example.com/both:1")
            let other = try Kade()
            try other.check("load", "-i", saved)
            #expect(
                try other.check("inspect", "-f", "{{.Os}}/{{.Architecture}}", "example.com/both:1")
                    == platform)
        }
        let other = try Kade()
        try other.check("load", "--platform", "linux/arm64", "-i", images.path)
        #expect(
            try other.check("inspect", "-f", "{{.Architecture}}", "example.com/both:1") == "arm64")
        #expect(
            try other("load", "--platform", "linux/riscv64", "-i", images.path).exitCode == 1)
        #expect(
            try kade(
                "save", "--platform", "linux/s390x", "-o", folder.at("x"), "example.com/both:1"
            )
            .exitCode == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.at("x")))
    }

    @Test func `podman reads what Kade saves, and Kade what podman saves`() throws {
        let image = try Image(.gzip)
        let folder = image.folder
        for format in ["docker", "docker-archive", "oci-archive"] {
            try image.kade.check(
                "save", "--format", format, "-o", folder.at(format), "example.com/rich:1")
        }
        try folder.write(TreeListing.script, to: "listing")
        let outcome = try Tool.run(
            "unshare", "-m", "--propagation", "private", "sh", "-ec", Self.podmanScript, "sh",
            folder.path)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        for format in ["docker", "docker-archive", "oci-archive"] {
            #expect(try folder.text("\(format).listing") == image.listing, "\(format)")
        }
        for format in ["docker-archive", "oci-archive", "oci-dir", "docker-dir"] {
            let kade = try Kade()
            try kade.check("load", "-i", folder.at("podman-\(format)"))
            let id = try kade.check("images", "-q")
            #expect(try listing(of: id, in: kade) == image.listing, "\(format)")
        }
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
    }

    /// Loads each of Kade's archives, lists its files, and saves the last in each format.
    private static let podmanScript = """
        cd "$1"; podman="podman --root $1/graph --runroot $1/run"
        for format in docker docker-archive oci-archive; do
            $podman load -q -i "$1/$format" > loaded
            id=$($podman images -q | head -n 1)
            sh -ec "$(cat listing)" sh "$($podman image mount "$id")" > "$format.listing"
            [ "$format" = oci-archive ] && break
            $podman image umount "$id" > umounted; $podman rmi -f "$id" > removed
        done
        for format in docker-archive oci-archive oci-dir docker-dir; do
            $podman save -q --format "$format" -o "$1/podman-$format" "$id"
        done
        $podman image umount "$id" > umounted; $podman rmi -f -a > removed
        """

    @Test func `docker reads what Kade saves, and Kade what docker saves`() throws {
        let image = try Image(.gzip)
        let folder = image.folder
        for format in ["docker", "docker-archive"] {
            try image.kade.check(
                "save", "--format", format, "-o", folder.at(format), "example.com/rich:1")
        }
        let outcome = try Tool.run(
            "unshare", "-m", "-n", "--propagation", "private", "sh", "-c",
            PrivateDockerd.start + Self.dockerScript, "sh", folder.path)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(
            outcome.lines == [
                "Loaded image: example.com/rich:1", "Loaded image: example.com/rich:1",
            ])
        for format in ["docker", "docker-archive"] {
            #expect(
                try TreeListing.text(ofArchive: folder.at("\(format).export")) == image.listing,
                "\(format)")
        }
        let kade = try Kade()
        try folder.giveAway(folder.at("docker-saved"))
        try kade.check("load", "-i", folder.at("docker-saved"))
        #expect(try listing(of: "example.com/rich:1", in: kade) == image.listing)
        _ = try Tool.run("rm", "-rf", "--one-file-system", folder.path)
    }

    /// Loads both of Kade's archives, exports their files, and saves the last.
    private static let dockerScript = """
        for format in docker docker-archive; do
            docker load -q -i "$1/$format" || exit 1
            docker create --name "$format" example.com/rich:1 > /dev/null || exit 1
            docker export "$format" | tar --delete --wildcards -f - .dockerenv dev etc proc sys \\
                > "$1/$format.export" || exit 1
            docker rm "$format" > /dev/null
            [ "$format" = docker-archive ] && break
            docker rmi -f example.com/rich:1 > /dev/null
        done
        docker save -o "$1/docker-saved" example.com/rich:1
        """
}
