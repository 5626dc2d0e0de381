import Foundation
import Testing

/// Podman's flags of `pull` and `push`.
@Suite(.enabled(if: isRoot)) struct TransferFlagTests {
    private let folder: TemporaryFolder
    private let registry: TestRegistry
    private let kade: Kade

    init() throws {
        folder = try TemporaryFolder()
        registry = try TestRegistry()
        let images = try TestImages()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 10_000)
        try images.add(.init(trees: [folder.at("tree")]), as: "it")
        try registry.push(images, "it", to: "team/app:1")
        kade = try Kade(environment: Kade.unpacked)
    }

    private var name: String { "\(registry.authority)/team/app:1" }

    @Test func `the policy says when the registry is asked`() throws {
        let never = try kade("pull", "--policy", "never", name)
        #expect(never.exitCode == 1)
        #expect(never.errors.contains("--policy never"), "\(never)")
        #expect(try kade.check("pull", "-q", "--policy", "missing", name) == name)
        // Nobody is asked who is not there.
        let gone = "127.0.0.1:1/team/app:1"
        try kade.check("tag", name, gone)
        for policy in ["missing", "never"] {
            #expect(try kade.check("pull", "-q", "--policy", policy, gone) == gone)
        }
        let newer = try kade("pull", "-q", "--policy", "newer", gone)
        #expect(newer.exitCode == 0 && newer.errors.contains("the image that is here"), "\(newer)")
        #expect(try kade("pull", "-q", "--policy", "always", gone).exitCode == 1)
        for policy in ["missing", "newer"] {
            let mixed = try kade("pull", "-a", "--policy", policy, "127.0.0.1:1/team/app")
            #expect(mixed.exitCode == 1 && mixed.errors.contains("about one image"), "\(mixed)")
        }
    }

    @Test func `a platform in parts is one that the registry has not`() throws {
        let none = try kade("pull", "--arch", "arm", "--variant", "v7", name)
        #expect(
            none.exitCode == 1 && none.errors.contains("linux/arm/v7 was asked for"), "\(none)")
        let both = try kade("pull", "--arch", "arm", "--platform", "linux/arm", name)
        #expect(both.exitCode == 1 && both.errors.contains("use one of them"), "\(both)")
    }

    @Test func `a push tells the digest that the registry has in a file`() throws {
        try kade.check("pull", name)
        let other = "\(registry.authority)/team/other:1"
        try kade.check("tag", name, other)
        let file = folder.at("digest")
        try kade.check("push", "--digestfile", file, other)
        let digest = try Tool.check(
            "skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}",
            "docker://\(other)")
        #expect(try folder.text("digest") + "\n" == digest)
        let all = try kade(
            "push", "-a", "--digestfile", file, "\(registry.authority)/team/other")
        #expect(all.exitCode == 1 && all.errors.contains("--digestfile"), "\(all)")
        let nowhere = try kade("push", "--digestfile", folder.at("no/such/file"), other)
        #expect(nowhere.exitCode == 1 && nowhere.errors.contains("cannot write the digest"))
    }
}
