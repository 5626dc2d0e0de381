import Foundation
import Testing

/// policy.json at work, with signatures of skopeo (which judges them as well) and openssl.
@Suite struct TrustTests {
    let folder: TemporaryFolder
    let images: TestImages
    let registry: TestRegistry
    let blob: TestImages.Blob
    let name: String

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        registry = try TestRegistry()
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 100_000)
        blob = try images.add(.init(trees: [folder.at("tree")]), as: "it")
        name = "\(registry.authority)/team/app:1"
        try folder.write(
            """
            default-docker:
              lookaside: file://\(folder.at("signatures"))
              use-sigstore-attachments: true
            """, to: "home/.config/containers/registries.d/default.yaml")
    }

    private var places: String { folder.at("home/.config/containers/registries.d") }

    private func pull(_ reference: String, _ requirement: String) throws -> Pull {
        let policy = """
            {"default": [{"type": "reject"}],
             "transports": {"docker": {"\(registry.authority)": [\(requirement)]}}}
            """
        try folder.write(policy, to: "policy.json")
        return try Pull.run(
            reference, into: folder.at("data-\(UUID().uuidString)"), "--signature-policy",
            folder.at("policy.json"),
            environment: ["HOME": folder.at("home"), "CONTAINERS_REGISTRIES_CONF": "/dev/null"])
    }

    /// Whether Kade lets an image in; skopeo must think the same.
    private func isAdmitted(
        _ reference: String, _ requirement: String, at location: SourceLocation = #_sourceLocation
    ) throws -> Bool {
        let pull = try pull(reference, requirement)
        let judge = try Tool.run(
            "skopeo", "--policy", folder.at("policy.json"), "--registries.d", places, "copy", "-q",
            "--src-tls-verify=false", "docker://\(reference)",
            "dir:\(folder.at("copy-\(UUID().uuidString)"))")
        #expect(
            (judge.exitCode == 0) == (pull.outcome.exitCode == 0),
            "\(pull.problem) \(judge.errors)", sourceLocation: location)
        if pull.outcome.exitCode != 0 {
            #expect(pull.problem.hasPrefix("denied"), sourceLocation: location)
        }
        return pull.outcome.exitCode == 0
    }

    /// A key of GPG without a passphrase; returns its public part's file.
    private func makeKey(_ user: String) throws -> String {
        let home = folder.at("gnupg")
        let file = folder.at("\(user).gpg")
        try Tool.check(
            "sh", "-c",
            """
            mkdir -p -m 700 "$1" && gpg --homedir "$1" --batch --quiet --passphrase '' \\
                --quick-generate-key "$2@kade.test" rsa2048 sign never 2> /dev/null \\
                && gpg --homedir "$1" --export --armor "$2@kade.test" > "$3"
            """, "sh", home, user, file)
        return file
    }

    private func copySigned(_ flags: String..., to reference: String) throws {
        let outcome = try Tool.start(
            ["skopeo", "--registries.d", places, "copy", "-q", "--insecure-policy"]
                + ["--dest-tls-verify=false", "--preserve-digests"] + flags
                + ["oci:\(images.path):it", "docker://\(reference)"],
            environment: ["GNUPGHOME": folder.at("gnupg"), "HOME": folder.at("home")]
        ).wait()
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    private func signedBy(_ file: String, _ identity: String = "matchRepoDigestOrExact") -> String {
        """
        {"type": "signedBy", "keyType": "GPGKeys", "keyPath": "\(file)",
         "signedIdentity": {"type": "\(identity)"}}
        """
    }

    @Test func `what the policy rejects is not unpacked`() throws {
        try registry.push(images, "it", to: "team/app:1")
        let refused = try pull(name, #"{"type": "reject"}"#)
        #expect(refused.outcome.exitCode == 1)
        #expect(refused.problem.contains("rejects it"))
        #expect(refused.events.allSatisfy { $0["event"] as? String != "layer" })
        #expect(try isAdmitted(name, #"{"type": "insecureAcceptAnything"}"#))
    }

    @Test func `a signature of GPG by skopeo lets an image in`() throws {
        let right = try makeKey("right")
        let other = try makeKey("other")
        defer { _ = try? Tool.run("gpgconf", "--homedir", folder.at("gnupg"), "--kill", "all") }
        try registry.push(images, "it", to: "team/unsigned:1")
        try copySigned("--sign-by", "right@kade.test", to: name)
        #expect(try isAdmitted(name, signedBy(right)))
        #expect(try isAdmitted("\(registry.authority)/team/app@\(blob.digest)", signedBy(right)))
        #expect(try !isAdmitted(name, signedBy(other)))
        #expect(try !isAdmitted("\(registry.authority)/team/unsigned:1", signedBy(right)))

        // The signatures may be on the web as well, for Kade as for skopeo.
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let web = try Tool.start([
            "python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
            folder.at("signatures"), "\(port.number)",
        ])
        defer { web.signal(SIGKILL) }
        try waitForListener(at: port.authority)
        let file = "home/.config/containers/registries.d/default.yaml"
        let kept = try folder.text(file)
        try folder.write(
            kept.replacingOccurrences(
                of: "file://\(folder.at("signatures"))", with: "http://\(port.authority)"), to: file
        )
        #expect(try isAdmitted(name, signedBy(right)))
        #expect(try !isAdmitted(name, signedBy(other)))
        try folder.write(kept, to: file)

        // The same image under another tag: the signature is about the first one.
        try registry.push(images, "it", to: "team/app:2")
        #expect(try !isAdmitted("\(registry.authority)/team/app:2", signedBy(right)))
        #expect(
            try isAdmitted("\(registry.authority)/team/app:2", signedBy(right, "matchRepository")))

        // A second signature helps, a changed one does not.
        let signatures = folder.at(
            "signatures/team/app@\(blob.digest.replacingOccurrences(of: ":", with: "="))")
        try Tool.check("cp", signatures + "/signature-1", folder.at("kept"))
        try copySigned("--sign-by", "other@kade.test", to: name)
        #expect(try isAdmitted(name, signedBy(other)))
        #expect(try !isAdmitted(name, signedBy(right) + ", " + signedBy(other)))
        try Tool.check("cp", folder.at("kept"), signatures + "/signature-2")
        #expect(try isAdmitted(name, signedBy(right) + ", " + signedBy(other)))
        try Tool.check(
            "sh", "-c",
            "for file in \"$1\"/*; do printf x | dd of=\"$file\" bs=1 seek=200 conv=notrunc; done",
            "sh", signatures)
        #expect(try !isAdmitted(name, signedBy(right)))
    }

    @Test func `a signature as cosign makes it lets an image in`() throws {
        try registry.push(images, "it", to: "team/app:1")
        try makeSigstoreKey("right")
        try makeSigstoreKey("other")
        // Debian's skopeo has sigstore switched off, so that nobody else judges here.
        func isAdmitted(_ key: String, _ identity: String) throws -> Bool {
            let pull = try pull(
                name,
                """
                {"type": "sigstoreSigned", "keyPath": "\(folder.at(key + ".pub"))",
                 "signedIdentity": {"type": "\(identity)"}}
                """)
            if pull.outcome.exitCode != 0 { #expect(pull.problem.hasPrefix("denied")) }
            return pull.outcome.exitCode == 0
        }
        #expect(try !isAdmitted("right", "matchRepository"))
        try attachSignature(key: "right", reference: "\(registry.authority)/team/app")
        #expect(try isAdmitted("right", "matchRepository"))
        #expect(try !isAdmitted("right", "matchExact"))
        #expect(try !isAdmitted("other", "matchRepository"))
        try attachSignature(key: "right", reference: "\(registry.authority)/team/else")
        #expect(try !isAdmitted("right", "matchRepository"))
        try attachSignature(key: "right", reference: name)
        #expect(try isAdmitted("right", "matchExact"))
    }

    @Test func `an archive is loaded only where its transport is welcome`() throws {
        let kade = try Kade()
        let archive = folder.at("image.tar")
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "oci:\(images.path):it",
            "oci-archive:\(archive):a:1")
        // An ordinary user's home is the instance's folder anyway.
        let home = kade.folder
        try home.write(
            #"{"default": [{"type": "reject"}]}"#, to: ".config/containers/policy.json")
        let load = kade.commandLine(["load", "-i", archive])
        let refused = try Tool.start(load, environment: ["HOME": home.path]).wait()
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("rejects it"))
        try Tool.check("rm", home.at(".config/containers/policy.json"))
        try kade.check("load", "-i", archive)
    }

    @Test func `a policy with a mistake lets nothing in`() throws {
        try registry.push(images, "it", to: "team/app:1")
        let wrong = try pull(name, #"{"type": "insecureAcceptAnything", "unless": 1}"#)
        #expect(wrong.outcome.exitCode == 1)
        #expect(wrong.problem.contains("unknown member \"unless\""))
        let keyless = try pull(
            name, #"{"type": "sigstoreSigned", "fulcio": {}, "rekorPublicKeyPath": "/x"}"#)
        #expect(keyless.problem.contains("no \"oidcIssuer\""))
    }

    /// Makes an image of the tag `sha256-HEX.sig` with a signature by openssl.
    private func attachSignature(key: String, reference: String) throws {
        let payload = """
            {"critical":{"identity":{"docker-reference":"\(reference)"},"image":\
            {"docker-manifest-digest":"\(blob.digest)"},"type":"cosign container image signature"},\
            "optional":null}
            """
        try folder.write(payload, to: "payload")
        let signature = try Tool.check(
            "sh", "-c", "openssl dgst -sha256 -sign \"$1\" \"$2\" | base64 -w 0", "sh",
            folder.at(key + ".pem"), folder.at("payload"))
        var layer = try images.addFile(
            folder.at("payload"), mediaType: "application/vnd.dev.cosign.simplesigning.v1+json"
        ).json
        layer["annotations"] = ["dev.cosignproject.cosign/signature": signature]
        let digest = try #require(layer["digest"] as? String)
        let config = try images.add(
            [
                "architecture": "", "os": "", "config": [:] as [String: Any],
                "rootfs": ["type": "layers", "diff_ids": [digest]],
            ], mediaType: "application/vnd.oci.image.config.v1+json")
        let type = "application/vnd.oci.image.manifest.v1+json"
        let manifest = try images.add(
            [
                "schemaVersion": 2, "mediaType": type, "config": config.json, "layers": [layer],
            ], mediaType: type)
        try images.addName(manifest, "sig-\(reference)")
        let tag = blob.digest.replacingOccurrences(of: ":", with: "-") + ".sig"
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false",
            "--preserve-digests", "oci:\(images.path):sig-\(reference)",
            "docker://\(registry.authority)/team/app:\(tag)")
    }

    /// Makes NAME.pem and NAME.pub.
    private func makeSigstoreKey(_ name: String) throws {
        try Tool.check(
            "sh", "-c",
            """
            openssl ecparam -name prime256v1 -genkey -noout -out "$1.pem" \\
                && openssl ec -in "$1.pem" -pubout -out "$1.pub"
            """, "sh", folder.at(name))
    }
}
