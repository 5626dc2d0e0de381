import Foundation
import Testing

/// The commands of `kade image`: prune, mount, tree, diff, and what `images` filters.
@Suite(.enabled(if: isRoot)) struct ImageGroupTests {
    /// busybox, and an image on top of it with a label.
    private func kadeWithTwo() throws -> Kade {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "maker", "busybox", "sh", "-c",
            "echo new > /etc/new; rm /etc/group; chmod 700 /home")
        try kade.check("commit", "-c", "LABEL role=test", "maker", "made:1")
        try kade.check("rm", "maker")
        return kade
    }

    private func names(_ kade: Kade, _ filters: String...) throws -> [String] {
        let flags = filters.flatMap { ["--filter", $0] }
        return try kade.call(["images", "--format", "{{.Repository}}:{{.Tag}}"] + flags).lines
            .sorted()
    }

    @Test func `images are filtered as Docker does`() throws {
        let kade = try kadeWithTwo()
        try kade.check("tag", "made:1", "other/name:2")
        #expect(try names(kade, "label=role") == ["made:1", "other/name:2"])
        #expect(try names(kade, "label=role=test", "reference=made") == ["made:1"])
        #expect(try names(kade, "label!=role") == ["busybox:latest"])
        #expect(try names(kade, "label=role=prod").isEmpty)
        #expect(
            try names(kade, "reference=made", "reference=busy*") == ["busybox:latest", "made:1"])
        #expect(try names(kade, "before=made:1") == ["busybox:latest"])
        #expect(try names(kade, "since=busybox") == ["made:1", "other/name:2"])
        #expect(try names(kade, "until=24h").isEmpty)
        #expect(try names(kade, "until=2100-01-01").count == 3)
        #expect(try names(kade, "dangling=true").isEmpty)
        #expect(try kade("images", "--filter", "no=such").exitCode == 1)
        let digest = try kade.check("images", "--digests", "--format", "{{.Digest}}", "busybox")
        #expect(digest.hasPrefix("sha256:"))
    }

    @Test func `the tree shows platforms, and image tree the layers`() throws {
        let kade = try kadeWithTwo()
        let platforms = try kade.check("images", "--tree")
        #expect(platforms.contains("└─ linux/"))
        #expect(platforms.hasPrefix("IMAGE"))
        let layers = try kade.check("image", "tree", "made:1").split(separator: "\n")
        #expect(layers.count == 6)
        #expect(layers[4].hasPrefix("├── ID: "))
        #expect(layers[4].hasSuffix("Top Layer of: [busybox:latest]"))
        #expect(layers[5].hasSuffix("Top Layer of: [made:1]"))
        #expect(try kade("images", "--tree", "-q").exitCode == 1)
    }

    @Test func `image diff tells the last layer, or how two images differ`() throws {
        let kade = try kadeWithTwo()
        let own = try kade.check("image", "diff", "made:1")
        #expect(own == "C /etc\nD /etc/group\nA /etc/new\nC /home")
        #expect(try kade.check("image", "diff", "made:1", "busybox") == own)
        let other = try kade.check("image", "diff", "busybox", "made:1")
        #expect(other == "C /etc\nA /etc/group\nD /etc/new\nC /home")
    }

    @Test(.rootOnly("users mount images in `kade unshare` alone; RootlessNamespaceTests"))
    func `a mounted image shows its files, and keeps its layers`() throws {
        let kade = try kadeWithTwo()
        let place = try kade.check("image", "mount", "made:1")
        #expect(try String(contentsOfFile: place + "/etc/new", encoding: .utf8) == "new\n")
        #expect(try kade.check("image", "mount", "made:1") == place)
        #expect(try Tool.run("touch", place + "/x").exitCode == 1)
        #expect(try kade.check("image", "mount").contains(place))
        #expect(try kade("rmi", "made:1").exitCode == 1)
        try kade.check("image", "prune", "-a", "-f")
        #expect(try kade.check("images", "-q").split(separator: "\n").count == 1)
        try kade.check("rmi", "-f", "made:1")
        #expect(try String(contentsOfFile: place + "/etc/new", encoding: .utf8) == "new\n")
        try kade.check("image", "unmount", "--all")
        #expect(!FileManager.default.fileExists(atPath: place))
        #expect(try kade.check("image", "mount", "--format", "{{.ID}}").isEmpty)
        try kade.check("image", "prune", "-f")
        #expect(try Tool.check("find", kade.root + "/layers/sha256", "-mindepth", "1").isEmpty)
        #expect(try kade("image", "unmount", "made:1").exitCode == 1)
    }

    @Test func `prune removes what no container uses`() throws {
        let kade = try kadeWithTwo()
        try kade.check("run", "--name", "second", "busybox", "sh", "-c", "echo 2 > /two")
        try kade.check("commit", "second")  // without a name
        try kade.check("rm", "second")
        try kade.check("create", "--name", "user", "busybox", "true")
        #expect(
            try kade("image", "prune", "-f", "--filter", "until=24h").output
                == "Total reclaimed space: 0B\n")
        let dangling = try kade.check("image", "prune", "-f")
        #expect(dangling.contains("deleted: sha256:"))
        #expect(!dangling.contains("untagged"))
        #expect(try names(kade) == ["busybox:latest", "made:1"])
        #expect(
            try kade("image", "prune", "-a", "-f", "--filter", "label!=role").output
                == "Total reclaimed space: 0B\n")
        let all = try kade.check("image", "prune", "-a", "-f", "--filter", "label=role")
        #expect(all.contains("untagged: made:1"))
        #expect(try names(kade) == ["busybox:latest"])
        #expect(try kade.check("start", "-a", "user").isEmpty)
        #expect(try kade("image", "prune").exitCode == 1)  // nobody says yes
        #expect(try kade("image", "prune", "-f", "--filter", "name=x").exitCode == 1)
    }

    @Test func `one platform of several is inspected`() throws {
        let folder = try TemporaryFolder()
        let images = try TestImages()
        for name in ["a", "b"] { try folder.write(name, to: "\(name)/\(name)") }
        try images.addIndex(
            of: [
                images.add(.init(trees: [folder.at("a")])),
                images.add(.init(trees: [folder.at("b")], architecture: "arm64")),
            ], as: "example.com/both:1")
        let kade = try Kade()
        try kade.check("load", "-i", images.path)
        for architecture in ["amd64", "arm64"] {
            #expect(
                try kade.check(
                    "image", "inspect", "--platform", "linux/\(architecture)", "-f",
                    "{{.Architecture}}", "example.com/both:1") == architecture)
        }
        #expect(
            try kade("image", "inspect", "--platform", "linux/s390x", "example.com/both:1")
                .exitCode == 1)
        let tree = try kade.check("images", "--tree")
        #expect(tree.contains("├─ linux/amd64") && tree.contains("└─ linux/arm64"))
    }

    @Test func `names are taken from an image, and it stays`() throws {
        let kade = try Kade.withBusybox()
        let id = try kade.check("images", "-q", "--no-trunc", "busybox")
        try kade.check("tag", "busybox", "one:1")
        try kade.check("tag", "busybox", "r.example/two:2")
        #expect(try kade("image", "exists", "one:1").exitCode == 0)
        #expect(try kade("untag", "busybox", "other:1").errors.contains("has the names"))
        try kade.check("untag", "busybox", "one:1")
        #expect(try kade("image", "exists", "one:1").exitCode == 1)
        #expect(try kade("image", "exists", "one:1").output.isEmpty)
        try kade.check("image", "untag", "busybox")
        #expect(try kade.check("images", "--format", "{{.Repository}}") == "<none>")
        #expect(try kade("image", "exists", id).exitCode == 0)
        #expect(try kade.check("run", "--rm", id, "echo", "still") == "still")
    }

    @Test func `what Podman has beside is refused with a way out`() throws {
        let kade = try Kade()
        for (arguments, fix) in [
            (["image", "sign", "x"], "cosign sign"), (["image", "trust", "show"], "policy.json"),
            (["image", "scp", "x", "host::"], "kade save IMAGE | ssh HOST kade load"),
            (["pull", "containers-storage:x"], "podman save x | kade load"),
            (["push", "dir:/x"], "kade save --format docker-archive"),
        ] {
            let outcome = try kade.call(arguments)
            #expect(outcome.exitCode != 0)
            #expect(outcome.errors.contains(fix), "\(outcome.errors)")
        }
    }

    @Test(arguments: ["dir", "oci", "oci-archive", "docker-archive"])
    func `an image is pulled from a file, as its transport says`(transport: String) throws {
        let kade = try Kade.withBusybox()
        let formats = [
            "dir": "docker-dir", "oci": "oci-dir", "oci-archive": "oci-archive",
            "docker-archive": "docker-archive",
        ]
        let place = kade.root + "/saved"
        try kade.check(
            "save", "--format", try #require(formats[transport]), "-o", place, "busybox")
        let other = try Kade()
        try other.check("pull", "\(transport):\(place)")
        #expect(try other.check("images", "-q") == kade.check("images", "-q"))
    }

    @Test(.rootOnly("users mount images in `kade unshare` alone; RootlessNamespaceTests"))
    func `content by sha512 digests is loaded, run, served, pulled and removed`() throws {
        let folder = try TemporaryFolder()
        let kade = try Kade.withBusybox()
        let layout = folder.at("layout")
        try kade.check("save", "--format", "oci-dir", "-o", layout, "busybox")
        try folder.write(Self.sha512, to: "convert.py")
        let digest = try Tool.check("python3", folder.at("convert.py"), layout)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let own = try Kade()
        try own.check("load", "-i", layout)
        let blobs = own.root + "/image/blobs/"
        #expect(try Tool.run("ls", blobs + "sha256").lines.isEmpty)
        #expect(try Tool.run("ls", blobs + "sha512").lines.count == 3)
        #expect(try own.check("images", "--digests", "--format", "{{.Digest}}") == digest)
        #expect(try own.check("run", "--rm", "busybox", "echo", "ran") == "ran")
        #expect(try own.check("run", "--rm", digest, "echo", "by digest") == "by digest")
        #expect(try own("system", "check").exitCode == 0)
        let path = try own.check("image", "mount", "busybox")
        #expect(path.hasPrefix("/"))
        #expect(try own.check("image", "mount").contains("busybox"))
        try own.check("image", "unmount", "busybox")

        let name = "\(ServedRegistry.name)/app:1"
        try own.check("tag", "busybox", name)
        let registry = try ServedRegistry(own)
        let place = "\(registry.authority)/app@\(digest)"
        let other = try Kade()
        try other.check("pull", place)
        #expect(try Tool.run("ls", other.root + "/image/blobs/sha512").lines.count == 3)
        #expect(try other.check("run", "--rm", place, "echo", "pulled") == "pulled")
        try other.check("tag", place, "\(registry.authority)/pushed:1")
        try other.check("push", "\(registry.authority)/pushed:1")
        try other.check("rmi", "-f", digest)
        for algorithm in ["sha256", "sha512"] {
            #expect(try Tool.run("ls", other.root + "/image/blobs/" + algorithm).lines.isEmpty)
        }
    }

    /// Names all content of a layout by SHA-512, and prints the digest of the manifest.
    private static let sha512 = """
        import hashlib, json, os, sys
        layout = sys.argv[1]
        def move(item, change=lambda text: None):
            path = layout + "/blobs/" + item["digest"].replace(":", "/")
            data = open(path, "rb").read()
            os.unlink(path)
            if data[:1] == b"{":
                text = json.loads(data)
                change(text)
                data = json.dumps(text).encode()
            item["digest"] = "sha512:" + hashlib.sha512(data).hexdigest()
            item["size"] = len(data)
            os.makedirs(layout + "/blobs/sha512", exist_ok=True)
            open(layout + "/blobs/" + item["digest"].replace(":", "/"), "wb").write(data)
        def parts(manifest):
            for item in [manifest["config"]] + manifest["layers"]: move(item)
        index = json.load(open(layout + "/index.json"))
        for manifest in index["manifests"]:
            move(manifest, parts)
            print(manifest["digest"])
        json.dump(index, open(layout + "/index.json", "w"))
        """
}
