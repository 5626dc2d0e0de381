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

    @Test func `a mounted image shows its files, and keeps its layers`() throws {
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
}
