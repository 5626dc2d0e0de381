import Foundation
import Testing

/// `kade registry rm`: tags and manifests of registries go, or the registry says why not.
@Suite struct RegistryRemovalTests {
    private let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// Pushes busybox under names.
    private func push(_ names: String...) throws {
        for name in names {
            try kade.check("tag", "busybox", name)
            try kade.check("push", "-q", name)
        }
    }

    /// Whether a registry has what a name stands for.
    private func has(_ name: String) throws -> Bool {
        let outcome = try Tool.run(
            "skopeo", "inspect", "--raw", "--tls-verify=false", "--creds",
            "\(TestRegistry.user):\(TestRegistry.password)", "docker://\(name)")
        guard outcome.exitCode != 0 else { return true }
        try #require(outcome.errors.contains("manifest unknown"), "\(outcome.errors)")
        return false
    }

    @Test func `Kade's registry deletes a tag, and a manifest with all its tags`() throws {
        let registry = try ServedRegistry()
        let name = "\(registry.authority)/team/app"
        try push("\(name):1", "\(name):2", "\(name):3")
        let plan = try kade("registry", "rm", "--plan", "\(name):1")
        #expect(plan.output.contains("kade-server delete \(name):1"), "\(plan)")
        #expect(try has("\(name):1"))

        #expect(try kade.check("registry", "rm", "\(name):1") == "Untagged: \(name):1")
        #expect(try !has("\(name):1"))
        #expect(try has("\(name):2"))
        // What is here stays.
        #expect(try kade.check("run", "--rm", "\(name):1", "echo", "here") == "here")

        let gone = try kade("registry", "rm", "\(name):1", "\(name):3")
        #expect(gone.exitCode == 1)
        #expect(gone.output == "Untagged: \(name):3\n")
        #expect(gone.errors.contains("take one of the repository's tags: 2, 3"), "\(gone.errors)")

        let digest =
            try registry.send("HEAD", "/v2/team/app/manifests/2")
            .headers["docker-content-digest"] ?? ""
        #expect(
            try kade.check("registry", "rm", "\(name)@\(digest)") == "Deleted: \(name)@\(digest)")
        #expect(try !has("\(name):2"))
        let again = try kade("registry", "rm", "\(name)@\(digest)")
        #expect(again.exitCode == 1 && again.errors.contains("MANIFEST_UNKNOWN"), "\(again)")
    }

    @Test func `Debian's registry deletes manifests where that is switched on`() throws {
        let registry = try TestRegistry(allowingDeletions: true)
        let name = "\(registry.authority)/team/app"
        try push("\(name):1", "\(name):2")
        let tag = try kade("registry", "rm", "\(name):1")
        #expect(tag.exitCode == 1)
        #expect(tag.errors.contains("kade registry rm --manifest \(name):1"), "\(tag.errors)")
        #expect(try has("\(name):1"))
        let removed = try kade.check("registry", "rm", "--manifest", "\(name):1")
        #expect(removed.hasPrefix("Deleted: \(name)@sha256:"))
        #expect(try !has("\(name):1") && !has("\(name):2"))
    }

    @Test func `Debian's registry says no where it is not`() throws {
        let registry = try TestRegistry()
        let name = "\(registry.authority)/team/app:1"
        try push(name)
        for flags in [[], ["--manifest"]] {
            let outcome = try kade.call(["registry", "rm"] + flags + [name])
            #expect(outcome.exitCode == 1 && outcome.output.isEmpty)
            #expect(
                outcome.errors.contains("REGISTRY_STORAGE_DELETE_ENABLED=true"),
                "\(outcome.errors)")
            #expect(outcome.errors.contains("--manifest") == flags.isEmpty, "\(outcome.errors)")
        }
        #expect(try has(name))
    }

    @Test func `credentials are those of other commands`() throws {
        let registry = try TestRegistry(withPassword: true, allowingDeletions: true)
        let name = "\(registry.authority)/team/app:1"
        let file = kade.folder.at("auth.json")
        let stranger = try kade("registry", "rm", "--manifest", name)
        #expect(stranger.exitCode == 1)
        #expect(stranger.errors.contains("kade login"), "\(stranger.errors)")
        try kade.check(
            "login", "-u", TestRegistry.user, "-p", TestRegistry.password, "--authfile", file,
            registry.authority)
        try kade.check("tag", "busybox", name)
        try kade.check("push", "-q", "--authfile", file, name)
        let removed = try kade.check(
            "registry", "rm", "--manifest", "--authfile", file, name)
        #expect(removed.hasPrefix("Deleted: "))
        #expect(try !has(name))
    }

    @Test func `a name without tag and digest deletes nothing`() throws {
        let registry = try ServedRegistry()
        let name = "\(registry.authority)/team/app"
        try push("\(name):latest")
        let outcome = try kade("registry", "rm", name)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("neither a tag nor a digest"), "\(outcome.errors)")
        #expect(try has("\(name):latest"))
    }
}
