import Foundation
import Testing

/// `sigstoreSigned` of policy.json at work, with keys, certificates and signatures of openssl.
@Suite struct SigstoreTrustTests {
    private let folder: TemporaryFolder
    private let images: TestImages
    private let registry: TestRegistry
    private let image: TestImages.Blob
    private let name: String

    private static let issuer = "https://login.kade.test"
    private static let user = "user@kade.test"
    private static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    private static let bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

    init() throws {
        folder = try TemporaryFolder()
        images = try TestImages()
        registry = try TestRegistry()
        name = "\(registry.authority)/team/app:1"
        try TestImages.tree(in: folder, named: "tree", sizeInBytes: 10_000)
        image = try images.add(.init(trees: [folder.at("tree")]), as: name)
        try registry.push(images, name, to: "team/app:1")
        try folder.write(
            """
            [authority]
            basicConstraints = critical, CA:true
            keyUsage = critical, keyCertSign
            [signer]
            keyUsage = critical, digitalSignature
            extendedKeyUsage = codeSigning
            subjectAltName = critical, email:\(Self.user)
            1.3.6.1.4.1.57264.1.8 = ASN1:UTF8String:\(Self.issuer)
            """, to: "extensions")
        try Tool.check(
            "sh", "-ec",
            """
            cd "$1"
            for name in ca signer log; do
                openssl ecparam -name prime256v1 -genkey -noout -out $name.key
                openssl ec -in $name.key -pubout -out $name.pub 2> /dev/null
            done
            openssl req -new -key ca.key -subj /CN=ca -out ca.csr
            openssl x509 -req -in ca.csr -signkey ca.key -days 2 -extfile extensions \\
                -extensions authority -out ca.pem 2> /dev/null
            openssl req -new -key signer.key -subj / -out signer.csr
            openssl x509 -req -in signer.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 \\
                -extfile extensions -extensions signer -out signer.pem 2> /dev/null
            """, "sh", folder.path)
    }

    /// Whether a rule of the policy lets the image in.
    private func isAdmitted(_ members: String) throws -> Bool {
        try folder.write(
            """
            {"default": [{"type": "sigstoreSigned", "signedIdentity": {"type": "matchRepository"},
             \(members)}]}
            """, to: "policy.json")
        let pull = try Pull.run(
            name, into: folder.at("data-\(UUID().uuidString)"), "--signature-policy",
            folder.at("policy.json"), environment: ["CONTAINERS_REGISTRIES_CONF": "/dev/null"])
        if pull.outcome.exitCode != 0 {
            #expect(pull.problem.hasPrefix("denied"), "\(pull.problem)")
        }
        return pull.outcome.exitCode == 0
    }

    private func fulcio(email: String = user) -> String {
        """
        "fulcio": {"caPath": "\(folder.at("ca.pem"))", "oidcIssuer": "\(Self.issuer)",
         "subjectEmail": "\(email)"}, "rekorPublicKeyPath": "\(folder.at("log.pub"))"
        """
    }

    private func sign(_ text: String, by key: String) throws -> String {
        try folder.write(text, to: "text")
        return try Tool.check(
            "sh", "-c", "openssl dgst -sha256 -sign \"$1\" \"$2\" | base64 -w 0", "sh",
            folder.at(key + ".key"), folder.at("text"))
    }

    private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private func sha256(_ text: String) throws -> String {
        try folder.write(text, to: "text")
        return String(try Tool.check("sha256sum", folder.at("text")).prefix(64))
    }

    /// What a log says of a body now, and its word for it.
    private func promise(of body: String) throws -> (payload: String, signature: String) {
        let payload =
            #"{"body":"\#(base64(body))","integratedTime":\#(Int(Date().timeIntervalSince1970)),"#
            + #""logID":"c0ffee","logIndex":5}"#
        return (payload, try sign(payload, by: "log"))
    }

    @Test func `a certificate and the log's word let an image in`() throws {
        let payload = """
            {"critical":{"identity":{"docker-reference":"\(registry.authority)/team/app"},"image":\
            {"docker-manifest-digest":"\(image.digest)"},"type":"cosign container image signature"},\
            "optional":null}
            """
        let signature = try sign(payload, by: "signer")
        let certificate = try folder.text("signer.pem")
        let body =
            #"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"#
            + #""sha256","value":"\#(try sha256(payload))"}},"signature":{"content":"\#(signature)","#
            + #""publicKey":{"content":"\#(base64(certificate))"}}}}"#
        let promise = try promise(of: body)
        try folder.write(payload, to: "payload")
        var layer = try images.addFile(
            folder.at("payload"), mediaType: "application/vnd.dev.cosign.simplesigning.v1+json"
        ).json
        layer["annotations"] = [
            "dev.cosignproject.cosign/signature": signature,
            "dev.sigstore.cosign/certificate": certificate,
            "dev.sigstore.cosign/bundle":
                #"{"SignedEntryTimestamp":"\#(promise.signature)","Payload":\#(promise.payload)}"#,
        ]
        let config = try images.add(
            ["architecture": "", "os": "", "rootfs": ["type": "layers", "diff_ids": [String]()]],
            mediaType: "application/vnd.oci.image.config.v1+json")
        let manifest = try images.add(
            [
                "schemaVersion": 2, "mediaType": Self.manifestType, "config": config.json,
                "layers": [layer],
            ], mediaType: Self.manifestType)
        #expect(try !isAdmitted(fulcio()))
        try images.addName(manifest, "signature")
        try registry.push(
            images, "signature",
            to: "team/app:\(image.digest.replacingOccurrences(of: ":", with: "-")).sig")
        #expect(try isAdmitted(fulcio()))
        #expect(try !isAdmitted(fulcio(email: "other@kade.test")))
        let pki = "\"pki\": {\"caRootsPath\": \"\(folder.at("ca.pem"))\", \"subjectEmail\": \"%\"}"
        #expect(try isAdmitted(pki.replacingOccurrences(of: "%", with: Self.user)))
        #expect(try !isAdmitted(pki.replacingOccurrences(of: "%", with: "other@kade.test")))
        let key = "\"keyPath\": \"\(folder.at("signer.pub"))\""
        #expect(try isAdmitted(key))
        // The log has the certificate, not the key.
        #expect(try !isAdmitted(key + ", \"rekorPublicKeyPath\": \"\(folder.at("log.pub"))\""))
    }

    @Test func `tags are listed for a name that somebody has typed, and for no signature`() throws {
        let server = try MisbehavingRegistry(serving: images, fault: .none)
        let known = "\(server.authority)/team/app"
        try images.addName(image, "it")
        let other = try MisbehavingRegistry(serving: images, fault: .none)
        try folder.write(
            """
            {"default": [{"type": "sigstoreSigned", "keyPath": "\(folder.at("signer.pub"))"}]}
            """, to: "policy.json")
        let refused = try Pull.run(
            "\(other.authority)/team/app:it", into: folder.at("data"), "--signature-policy",
            folder.at("policy.json"), environment: ["CONTAINERS_REGISTRIES_CONF": "/dev/null"])
        #expect(refused.problem.contains("there is none"), "\(refused.problem)")
        #expect(try other.requests().contains { $0.path.hasSuffix(".sig") })
        #expect(try other.requests().allSatisfy { !$0.path.contains("/tags/") })
        let missing = try Pull.run(
            "\(known):none", into: folder.at("data"),
            environment: ["CONTAINERS_REGISTRIES_CONF": "/dev/null"])
        #expect(missing.outcome.exitCode != 0)
        #expect(try server.requests().filter { $0.path.contains("/tags/") }.count == 1)
        let fix = missing.event("problem")?["fix"] as? String
        #expect(fix?.hasPrefix("take one of the repository's tags: ") == true, "\(missing.problem)")
    }

    @Test func `a bundle that refers to an image lets it in`() throws {
        let statement = """
            {"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":\
            "\(image.digest.dropFirst(7))"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1",\
            "predicate":{}}
            """
        let type = "application/vnd.in-toto+json"
        let signature = try sign(
            "DSSEv1 \(type.utf8.count) \(type) \(statement.utf8.count) \(statement)", by: "signer")
        let certificate = try folder.text("signer.pem")
        let body =
            #"{"apiVersion":"0.0.1","kind":"dsse","spec":{"payloadHash":{"algorithm":"sha256","#
            + #""value":"\#(try sha256(statement))"},"signatures":[{"signature":"\#(signature)","#
            + #""verifier":"\#(base64(certificate))"}]}}"#
        let promise = try promise(of: body)
        let time = promise.payload.split(separator: ":")[2].prefix { $0 != "," }
        let der = certificate.split(separator: "\n").dropFirst().dropLast().joined()
        try folder.write(
            """
            {"mediaType": "\(Self.bundleType)", "verificationMaterial": {"certificate":
             {"rawBytes": "\(der)"}, "tlogEntries": [{"logIndex": "5", "logId":
             {"keyId": "wP/u"}, "integratedTime": "\(time)", "inclusionPromise":
             {"signedEntryTimestamp": "\(promise.signature)"},
             "canonicalizedBody": "\(base64(body))"}]}, "dsseEnvelope":
             {"payload": "\(base64(statement))", "payloadType": "\(type)",
              "signatures": [{"sig": "\(signature)"}]}}
            """, to: "bundle")
        try folder.write("{}", to: "empty")
        let layer = try images.addFile(folder.at("bundle"), mediaType: Self.bundleType)
        let config = try images.addFile(
            folder.at("empty"), mediaType: "application/vnd.oci.empty.v1+json")
        let manifest = try images.add(
            [
                "schemaVersion": 2, "mediaType": Self.manifestType,
                "artifactType": Self.bundleType, "config": config.json, "layers": [layer.json],
                "subject": [
                    "mediaType": Self.manifestType, "digest": image.digest, "size": image.size,
                ],
            ], mediaType: Self.manifestType)
        #expect(try !isAdmitted(fulcio()))
        let bundle = "\(registry.authority)/team/app:bundle"
        try images.addName(manifest, bundle)
        let kade = try Kade()
        try kade.check("load", "-q", "-i", images.path)
        try kade.check("push", "-q", bundle)
        #expect(try isAdmitted(fulcio()))
        #expect(try !isAdmitted(fulcio(email: "other@kade.test")))
        #expect(try isAdmitted("\"keyPath\": \"\(folder.at("signer.pub"))\""))
        #expect(try !isAdmitted("\"keyPath\": \"\(folder.at("ca.pub"))\""))
    }
}
