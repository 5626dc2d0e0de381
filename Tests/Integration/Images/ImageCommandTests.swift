import Foundation
import Testing

/// The commands on images, from a registry or an archive to a running container.
@Suite struct ImageCommandTests {
    @Test func `an image is pulled, run, inspected, tagged and removed`() throws {
        let sources = try Sources()
        let registry = try TestRegistry()
        try registry.push(sources.images, "index", to: "team/app:1")
        let reference = "\(registry.authority)/team/app:1"
        let kade = try Kade()

        let pull = try kade("pull", reference)
        #expect(pull.exitCode == 0, "\(pull.errors)")
        #expect(pull.output.contains("Status: Downloaded newer image for \(reference)"))
        #expect(try kade("pull", reference).output.contains("Status: Image is up to date"))
        #expect(
            try kade.check("run", "--rm", reference, "cat", "/etc/base", "/etc/top")
                == "hello from base\nhello from top")
        #expect(try kade.check("image", "inspect", "-f", "{{.Architecture}}", reference) == "amd64")

        try kade.check("tag", reference, "mine:2")
        let listed = try kade.check("images", "--format", "{{.Repository}}:{{.Tag}}").split(
            separator: "\n"
        ).map(String.init)
        #expect(Set(listed) == [reference, "mine:2"])
        try kade.check("run", "-d", "--name", "keeps", "mine:2", "sleep", "100")
        #expect(try kade("rmi", "mine:2", reference).exitCode == 1)
        try kade.check("rm", "-f", "keeps")
        for name in try kade.check("images", "--format", "{{.Repository}}:{{.Tag}}").split(
            separator: "\n")
        {
            try kade.check("rmi", String(name))
        }
        #expect(try kade.check("images", "-q").isEmpty)
        #expect(try Tool.check("find", kade.root + "/layers", "-name", "top").isEmpty)
    }

    @Test func `an image that is not there is pulled by run`() throws {
        let sources = try Sources()
        let registry = try TestRegistry()
        try registry.push(sources.images, "index", to: "team/app:1")
        let kade = try Kade()
        let outcome = try kade(
            "run", "--rm", "\(registry.authority)/team/app:1", "echo", "hello")
        #expect(outcome.output == "hello\n")
        #expect(outcome.errors.contains("Unable to find image"))
        #expect(try kade("run", "--rm", "\(registry.authority)/no/such:1", "true").exitCode == 125)
    }

    @Test(arguments: ["docker-archive", "oci-archive"])
    func `an archive is loaded and its image runs`(format: String) throws {
        let sources = try Sources()
        let archive = sources.folder.at("image.tar")
        let target =
            format == "docker-archive"
            ? "docker-archive:\(archive):example.com/app:3" : "oci-archive:\(archive):app:3"
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "oci:\(sources.images.path):one", target)
        let kade = try Kade()
        let loaded = try kade.check("load", "-i", archive)
        #expect(loaded.hasPrefix("Loaded image"))
        let name = format == "docker-archive" ? "example.com/app:3" : "app:3"
        #expect(try kade.check("run", "--rm", name, "cat", "/etc/top") == "hello from top")
    }

    @Test func `a layout directory is loaded, and skopeo reads the store`() throws {
        let sources = try Sources()
        let kade = try Kade()
        // A bare name is a tag of nothing: such an image is known by its ID.
        let loaded = try kade.check("load", "-i", sources.images.path).split(separator: "\n")
        let id = try #require(loaded.last?.split(separator: " ").last)
        try kade.check("tag", String(id), "one")
        #expect(try kade.check("run", "--rm", "one", "echo", "it runs") == "it runs")
        let description = try Tool.check(
            "skopeo", "inspect", "--config",
            "oci:\(kade.root)/image:docker.io/library/one:latest")
        #expect(description.contains("diff_ids"))
    }

    @Test func `a root file system is imported with changes to its configuration`() throws {
        let kade = try Kade()
        try kade.check(
            "import", "--change", "ENV A=1", "--change", "CMD [\"sh\", \"-c\", \"echo $A\"]",
            try Kade.busyboxArchive.get(), "made:1")
        #expect(try kade.check("run", "--rm", "made:1") == "1")
    }

    /// An image of two layers named "one", and an index with it for two architectures.
    private struct Sources {
        let folder: TemporaryFolder
        let images: TestImages

        init() throws {
            folder = try TemporaryFolder()
            images = try TestImages()
            for name in ["base", "top"] {
                try TestImages.tree(in: folder, named: name, sizeInBytes: 100_000)
                try Tool.check(
                    "sh", "-c",
                    "for name in cat echo sleep true; do ln -sf busybox \"$1/bin/$name\"; done",
                    "sh", folder.at(name))
            }
            let trees = [folder.at("base"), folder.at("top")]
            let one = try images.add(TestImages.Image(trees: trees), as: "one")
            let other = try images.add(
                TestImages.Image(trees: [folder.at("base")], architecture: "arm64"))
            try images.addIndex(of: [other, one], as: "index")
        }
    }
}
