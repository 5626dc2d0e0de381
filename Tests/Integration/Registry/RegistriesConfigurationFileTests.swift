import Foundation
import Testing

/// registries.conf at work: mirrors, other locations, blocked registries and short names.
@Suite struct RegistriesConfigurationFileTests {
    let folder: TemporaryFolder
    let images: TestImages
    let registry: TestRegistry
    let root: String
    let blob: TestImages.Blob

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        registry = try TestRegistry()
        root = folder.at("data")
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 100_000)
        blob = try images.add(.init(trees: [folder.at("tree")]), as: "it")
        try registry.push(images, "it", to: "mirrored/team/app:1")
    }

    private func pull(_ reference: String, _ configuration: String) throws -> Pull {
        try folder.write(configuration, to: "registries.conf")
        return try Pull.run(
            reference, into: root,
            environment: [
                "CONTAINERS_REGISTRIES_CONF": folder.at("registries.conf"),
                "CONTAINERS_REGISTRIES_CONF_DIR": folder.at("none"),
            ])
    }

    @Test func `an image comes from the first mirror that has it`() throws {
        let dead = "127.0.0.1:1"
        let configuration = """
            [[registry]]
            location = "r.invalid"
            [[registry.mirror]]
            location = "\(dead)"
            [[registry.mirror]]
            location = "\(registry.authority)/elsewhere"
            [[registry.mirror]]
            location = "\(registry.authority)/mirrored"
            """
        let found = try pull("r.invalid/team/app:1", configuration)
        #expect(found.outcome.exitCode == 0, "\(found.problem)")
        #expect(found.event("done")?["reference"] as? String == "r.invalid/team/app:1")
        try expectReadable(root, "r.invalid/team/app:1")

        let missing = try pull("r.invalid/team/other:1", configuration)
        #expect(missing.outcome.exitCode == 1)
        #expect(missing.problem.contains("the mirror \(dead)/team/other: cannot connect"))
        #expect(missing.problem.contains("the mirror \(registry.authority)/mirrored/team/other"))
    }

    @Test func `a broken mirror's layers come from the registry`() throws {
        let broken = try MisbehavingRegistry(serving: images, fault: .wrongDigest)
        let found = try pull(
            "r.invalid/a/b:it",
            """
            [[registry]]
            prefix = "r.invalid"
            location = "\(registry.authority)/mirrored"
            mirror = [{location = "\(broken.authority)"}]
            """)
        #expect(found.problem.contains("the mirror \(broken.authority)/a/b"))
        try registry.push(images, "it", to: "mirrored/a/b:it")
        let second = try pull(
            "r.invalid/a/b:it", try folder.text("registries.conf"))
        #expect(second.outcome.exitCode == 0, "\(second.problem)")
    }

    @Test func `a blocked registry is not asked`() throws {
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let refused = try pull(
            "\(server.authority)/a/b:it",
            "[[registry]]\nlocation = \"\(server.authority)\"\nblocked = true")
        #expect(refused.problem.hasPrefix("denied"))
        #expect(try server.requests().isEmpty)
    }

    @Test func `a short name is looked for where the owner says`() throws {
        let found = try pull(
            "team/app:1",
            "unqualified-search-registries = [\"\(registry.authority)/none\", "
                + "\"\(registry.authority)/mirrored\"]")
        #expect(found.outcome.exitCode == 0, "\(found.problem)")
        let name = "\(registry.authority)/mirrored/team/app:1"
        #expect(found.event("done")?["reference"] as? String == name)
        let kade = try Kade()
        let alias = """
            unqualified-search-registries = ["docker.io"]
            [aliases]
            short = "\(registry.authority)/mirrored/team/app"
            """
        try folder.write(alias, to: "registries.conf")
        let outcome = try Tool.start(
            kade.commandLine(["run", "--rm", "short:1", "busybox", "cat", "/etc/tree"]),
            environment: ["CONTAINERS_REGISTRIES_CONF": folder.at("registries.conf")]
        ).wait()
        #expect(outcome.output == "hello from tree\n", "\(outcome.errors)")
    }

    @Test func `a mistake in the file is an error that names its line`() throws {
        let wrong = try pull("\(registry.authority)/a:1", "[[registry]]\nlocation = 5\n")
        #expect(wrong.outcome.exitCode == 1)
        #expect(wrong.problem.contains("line 2: \"location\" has to be a string"))
    }
}
