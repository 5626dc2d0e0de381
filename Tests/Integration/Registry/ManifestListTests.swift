import Foundation
import Testing

/// `kade manifest`: lists of images of the store and of registries.
@Suite struct ManifestListTests {
    let folder: TemporaryFolder
    let images: TestImages
    let registry: TestRegistry
    let kade: Kade
    let parts: [String: TestImages.Blob]

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        registry = try TestRegistry()
        kade = try Kade(environment: Kade.unpacked)
        var parts: [String: TestImages.Blob] = [:]
        for architecture in ["amd64", "arm64", "s390x"] {
            try TestImages.tree(in: folder, named: architecture, sizeInBytes: 10_000)
            parts[architecture] = try images.add(
                .init(trees: [folder.at(architecture)], architecture: architecture),
                as: architecture)
            try registry.push(images, architecture, to: "parts/\(architecture):1")
        }
        self.parts = parts
    }

    private func name(_ architecture: String) -> String {
        "\(registry.authority)/parts/\(architecture):1"
    }

    @Test func `images are added to a list that is there, and taken out again`() throws {
        let list = "\(registry.authority)/team/app:grown"
        #expect(try kade("manifest", "exists", list).exitCode == 1)
        #expect(try kade("manifest", "add", list, name("amd64")).exitCode == 1)
        try kade.check("manifest", "create", list)
        #expect(try kade("manifest", "exists", list).exitCode == 0)
        #expect(try kade.check("manifest", "add", list, name("amd64")) == list)
        try kade.check("manifest", "add", "--variant", "v9", list, name("arm64"))
        let text = try kade.check("manifest", "inspect", list)
        #expect(text.contains("\"amd64\"") && text.contains("\"variant\": \"v9\""))
        let arm = try #require(parts["arm64"])
        #expect(try kade.check("manifest", "remove", list, arm.digest) == list)
        #expect(try kade("manifest", "remove", list, arm.digest).errors.contains("does not have"))
        let left = try kade.check("manifest", "inspect", list)
        #expect(left.contains("\"amd64\"") && !left.contains("v9"))
    }

    @Test func `a list of local and remote images is made, annotated, pushed and removed`() throws {
        let list = "\(registry.authority)/team/app:multi"
        try kade.check("pull", "-q", name("amd64"))
        #expect(
            try kade.check("manifest", "create", list, name("amd64"), name("arm64"))
                == "Created manifest list \(list)")
        #expect(try kade("manifest", "create", list, name("s390x")).exitCode == 1)
        try kade.check("manifest", "create", "--amend", list, name("s390x"))
        try kade.check("manifest", "annotate", "--variant", "v9", list, name("arm64"))
        let text = try kade.check("manifest", "inspect", list)
        #expect(text.contains("\"variant\": \"v9\"") && text.contains("s390x"))
        let arm = try #require(parts["arm64"])
        #expect(try kade.check("manifest", "inspect", list, name("arm64")).contains(arm.layers[0]))
        let details = try kade.check("manifest", "inspect", "-v", list)
        #expect(details.contains("\"Ref\": \"\(registry.authority)/team/app@\(arm.digest)\""))
        #expect(details.contains("\"OCIManifest\"") && details.contains(arm.layers[0]))
        let one = try kade.check("manifest", "inspect", "-v", list, name("arm64"))
        #expect(one.contains("\"Ref\": \"\(registry.authority)/team/app@\(arm.digest)\""))
        let remote = try kade.check("manifest", "inspect", "-v", name("s390x"))
        #expect(remote.contains("\"architecture\": \"s390x\""))
        // Layers of images that are not here stay at the registry.
        #expect(try unpackedLayer(kade.root, with: "etc/arm64") == nil)

        let digest = try kade.check("manifest", "push", "--purge", list)
        #expect(try kade("manifest", "inspect", list).output.contains("v9"))  // the registry's now
        #expect(try kade("manifest", "rm", list).exitCode == 1)
        let pushed = try Tool.check(
            "skopeo", "inspect", "--tls-verify=false", "--raw", "docker://\(list)")
        #expect(pushed.contains(arm.digest) && pushed.contains("v9"))
        #expect(digest.hasPrefix("sha256:"))
        try Tool.check(
            "skopeo", "copy", "-q", "--all", "--insecure-policy", "--src-tls-verify=false",
            "docker://\(list)", "dir:\(folder.at("copy"))")
        let other = try Kade()
        #expect(
            try other.check("run", "--rm", list, "busybox", "cat", "/etc/amd64")
                == "hello from amd64")
    }

    @Test func `a list is not put into a list, and what is missing says so`() throws {
        let list = "\(registry.authority)/team/app:multi"
        try kade.check("manifest", "create", list, name("arm64"))
        try kade.check("manifest", "push", list)
        try kade.check("manifest", "rm", list)
        #expect(
            try kade("manifest", "create", "other", list).errors.contains("a manifest list itself"))
        #expect(try kade("manifest", "create", "other", name("none")).exitCode == 1)
        #expect(try kade("manifest", "push", "other").errors.contains("No such manifest"))
        #expect(
            try kade.check("manifest", "inspect", name("s390x"))
                .contains(try #require(parts["s390x"]).layers[0]))
    }

    @Test func `an image that no repository of the registry has cannot be pushed in a list`() throws
    {
        let other = try TestRegistry()
        let list = "\(other.authority)/team/app:multi"
        try kade.check("manifest", "create", list, name("arm64"))
        let push = try kade("manifest", "push", list)
        #expect(push.exitCode == 1)
        #expect(push.errors.contains("does not have it"), "\(push.errors)")
    }
}
