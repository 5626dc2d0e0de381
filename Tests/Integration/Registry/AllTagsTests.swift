import Foundation
import Testing

/// `pull --all-tags`, and layers that are larger than allowed.
@Suite struct AllTagsTests {
    let folder: TemporaryFolder
    let images: TestImages
    let registry: TestRegistry
    let root: String

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        registry = try TestRegistry()
        root = folder.at("data")
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 10_000)
        try images.add(.init(trees: [folder.at("tree")]), as: "it")
    }

    @Test func `all tags of a repository come, over as many pages as it takes`() throws {
        var layers: [String] = []
        for name in ["too", "three"] {
            layers = try images.add(.init(trees: [folder.at("tree")]), as: name).layers
        }
        let server = try MisbehavingRegistry(serving: images, fault: .tagPages)
        let pull = try Pull.run("\(server.authority)/a/b", into: root, "--all-tags")
        #expect(pull.outcome.exitCode == 0, "\(pull.problem)")
        let done = pull.events.filter { $0["event"] as? String == "done" }
        #expect(
            done.map { $0["reference"] as? String }
                == ["it", "too", "three"].map {
                    "\(server.authority)/a/b:\($0)"
                })
        for tag in ["it", "too", "three"] {
            try expectReadable(root, "\(server.authority)/a/b:\(tag)")
        }
        #expect(try server.requests(forBlob: layers[0]).count == 1)
    }

    @Test func `the command pulls all tags of a registry and prints the repository`() throws {
        for tag in ["one", "two"] { try registry.push(images, "it", to: "team/app:\(tag)") }
        try registry.push(images, "it", to: "team/other:one")
        let kade = try Kade(environment: Kade.unpacked)
        let repository = "\(registry.authority)/team/app"
        let output = try kade.check("pull", "-a", repository)
        #expect(output.hasSuffix("\n" + repository))
        #expect(output.contains("one: Pulling from \(repository)"))
        #expect(output.contains("two: Pulling from \(repository)"))
        let names = try kade.check("images", "--format", "{{.Repository}}:{{.Tag}}")
        #expect(Set(names.split(separator: "\n")) == ["\(repository):one", "\(repository):two"])
        #expect(try kade.check("pull", "-q", "-a", repository) == repository)
    }

    @Test func `a reference with a tag, and a repository without any, are refused`() throws {
        let tagged = try Pull.run("\(registry.authority)/team/app:1", into: root, "-a")
        #expect(tagged.outcome.exitCode == 1)
        #expect(tagged.problem.contains("tag can't be used with --all-tags/-a"))
        let none = try Pull.run("\(registry.authority)/no/such", into: root, "-a")
        #expect(none.outcome.exitCode == 1)
        #expect(none.problem.hasPrefix("notFound"))
    }

    @Test func `a layer that decompresses to more than is allowed is refused and leaves nothing`()
        throws
    {
        try registry.push(images, "it", to: "bomb:1")
        let reference = "\(registry.authority)/bomb:1"
        let pull = try Pull.run(reference, into: root, environment: ["KADE_LAYER_LIMIT": "4k"])
        #expect(pull.outcome.exitCode == 1)
        #expect(pull.problem.contains("more than the 4096 bytes"))
        #expect(try unpackedLayer(root, with: "etc/tree") == nil)
        let left = try Tool.check("find", root + "/image/ingest", "-name", "*.partial")
        #expect(left.isEmpty)
        #expect(try Pull.run(reference, into: root).outcome.exitCode == 0)
    }
}
