import Diagnostics
import OCI
import Testing

@testable import Registry

@Suite struct SignaturePolicyTests {
    private func policy(_ json: String) throws -> SignaturePolicy {
        try SignaturePolicy(json: Array(json.utf8), named: "policy.json")
    }

    private let accept = #"[{"type": "insecureAcceptAnything"}]"#
    private let reject = #"[{"type": "reject"}]"#

    @Test func `the most specific scope wins`() throws {
        let policy = try policy(
            """
            {"default": \(reject), "transports": {"docker": {
                "": \(reject), "r.example": \(accept), "r.example/bad": \(reject),
                "r.example/bad/app:1": \(accept), "*.internal": \(accept),
                "docker.io/library": \(accept), "a.internal:5000": \(reject)}}}
            """)
        func allows(_ name: String) throws -> Bool {
            policy.allowsEverything(from: try ImageReference(parsing: name).withDefaultTag)
        }
        #expect(try allows("r.example/app"))
        #expect(try !allows("r.example/bad/app:2"))
        #expect(try allows("r.example/bad/app:1"))
        #expect(try !allows("r.example:5000/app"))
        #expect(try allows("x.y.internal:5000/app"))
        #expect(try !allows("a.internal:5000/app"))
        #expect(try !allows("internal.example/app"))
        #expect(try allows("debian"))
        #expect(try !allows("team/app"))
    }

    @Test func `archives are let in by their transport and directory`() throws {
        let policy = try policy(
            """
            {"default": \(reject), "transports": {"oci-archive": {"/srv": \(accept)},
             "oci": {"": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k"}]}}}
            """)
        try policy.admit(transport: "oci-archive", path: "/srv/images/a.tar")
        #expect(throws: Problem.self) {
            try policy.admit(transport: "oci-archive", path: "/srv2/a.tar")
        }
        #expect(throws: Problem.self) {
            try policy.admit(transport: "docker-archive", path: "/srv/a")
        }
        let problem = #expect(throws: Problem.self) {
            try policy.admit(transport: "oci", path: "/a")
        }
        #expect(problem?.why.contains("wants a signature") == true)
    }

    @Test func `images of Docker's daemon are let in by name or ID`() throws {
        let id = "sha256:\(String(repeating: "1", count: 64))"
        let policy = try policy(
            """
            {"default": \(reject), "transports": {"docker-daemon":
             {"docker.io/library/a": \(accept), "\(id)": \(accept)}}}
            """)
        for name in ["a", "a:1", "docker.io/library/a:1", id] {
            try policy.admit(daemonImage: name)
        }
        for name in ["b:1", "a/b", "sha256:" + String(repeating: "2", count: 64)] {
            let problem = #expect(throws: Problem.self) { try policy.admit(daemonImage: name) }
            #expect(problem?.kind == .denied, "\(name)")
        }
    }

    @Test(arguments: [
        (#"{}"#, "no \"default\""),
        (#"{"default": []}"#, "no list of requirements"),
        (#"{"default": [{"type": "reject"}], "extra": 1}"#, "unknown member \"extra\""),
        (#"{"default": [{"type": "reject", "x": 1}]}"#, "default[0] has the unknown member \"x\""),
        (#"{"default": [{"type": "reject"}], "default": [{"type": "reject"}]}"#, "twice"),
        (#"{"default": [{"type": "maybe"}]}"#, "unknown type \"maybe\""),
        (#"{"default": [{"type": "signedBy", "keyPath": "/k"}]}"#, "no \"keyType\""),
        (#"{"default": [{"type": "signedBy", "keyType": "GPGKeys"}]}"#, "none of keyPath"),
        (
            #"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k", "keyData": "YQ=="}]}"#,
            "of which one may be"
        ),
        (
            #"{"default": [{"type": "sigstoreSigned", "keyData": "%"}]}"#, "not in base64"
        ),
        (
            #"{"default": [{"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "exactReference", "dockerReference": "a"}}]}"#,
            "neither tag nor digest"
        ),
        (
            #"{"default": [{"type": "reject"}], "transports": {"docker": {"x": {}}}}"#,
            "docker.\"x\""
        ),
    ])
    func `a policy with anything unknown is refused`(json: String, why: String) {
        let problem = #expect(throws: Problem.self) { try policy(json) }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test func `what only others can check fulfils nothing`() throws {
        let policy = try policy(
            #"{"default": [{"type": "signedBaseLayer", "baseLayerIdentity": {"type": "matchExact"}}]}"#
        )
        #expect(
            policy.rule(for: try ImageReference(parsing: "a:1")).requirements
                == [.unsupported("signedBaseLayer")])
    }

    @Test func `signers with certificates are read`() throws {
        let policy = try policy(
            #"""
            {"default": [
             {"type": "sigstoreSigned", "rekorPublicKeyPaths": ["/r", "/s"], "fulcio":
              {"caPath": "/x", "oidcIssuer": "https://i", "subjectEmail": "a@b"}},
             {"type": "sigstoreSigned", "signedIdentity": {"type": "matchRepository"}, "pki":
              {"caRootsData": "YQ==", "caIntermediatesPath": "/y", "subjectHostname": "h"}},
             {"type": "sigstoreSigned", "keyDatas": ["YQ==", "Yg=="], "rekorPublicKeyData": "Yw=="}]}
            """#)
        #expect(
            policy.standard == [
                .sigstoreSigned(
                    SigstoreRule(
                        signer: .fulcio(
                            .init(authorities: .file("/x"), issuer: "https://i", email: "a@b")),
                        logKeys: [.file("/r"), .file("/s")], identity: .matchRepoDigestOrExact)),
                .sigstoreSigned(
                    SigstoreRule(
                        signer: .pki(
                            .init(
                                roots: .data([97]), intermediates: .file("/y"), email: nil,
                                hostname: "h")),
                        logKeys: [], identity: .matchRepository)),
                .sigstoreSigned(
                    SigstoreRule(
                        signer: .keys([.data([97]), .data([98])]), logKeys: [.data([99])],
                        identity: .matchRepoDigestOrExact)),
            ])
    }

    @Test(arguments: [
        (#""keyPath": "/k", "fulcio": {}"#, "keyPath and fulcio, of which one"),
        (#""fulcio": {"caPath": "/c", "oidcIssuer": "i", "subjectEmail": "e"}"#, "key of Rekor"),
        (
            #""fulcio": {"caPath": "/", "caData": "YQ==", "oidcIssuer": "i", "subjectEmail": "e"}"#,
            "caPath and caData"
        ),
        (#""fulcio": {"caPath": "/c", "subjectEmail": "e"}"#, "no \"oidcIssuer\""),
        (#""fulcio": {"caPath": "/c", "oidcIssuer": "i"}"#, "no \"subjectEmail\""),
        (#""fulcio": {"oidcIssuer": "i", "subjectEmail": "e"}"#, "neither caPath nor caData"),
        (
            #""fulcio": {"caPath": "/c", "oidcIssuer": "i", "subjectEmail": "e", "x": 1}"#,
            "unknown member \"x\""
        ),
        (#""pki": {"caRootsPath": "/c"}"#, "neither subjectEmail nor subjectHostname"),
        (#""pki": {"subjectEmail": "e"}"#, "neither caRootsPath nor caRootsData"),
        (
            #""pki": {"caRootsPath": "/c", "subjectEmail": "e"}, "rekorPublicKeyPath": "/r""#,
            "without a key of Rekor"
        ),
        (#""keyPath": "/k", "rekorPublicKeyPath": "/r", "rekorPublicKeyData": "YQ==""#, "one may"),
    ])
    func `half a signer is refused`(members: String, why: String) {
        let problem = #expect(throws: Problem.self) {
            try policy(#"{"default": [{"type": "sigstoreSigned", "# + members + "}]}")
        }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test(arguments: [
        (SignedIdentity.matchExact, "r.example/a:1", "r.example/a:1", true),
        (.matchExact, "r.example/a:2", "r.example/a:1", false),
        (.matchExact, "r.example/a", "r.example/a:latest", false),
        (.matchRepoDigestOrExact, "r.example/a:1", "r.example/a:1", true),
        (.matchRepoDigestOrExact, "r.example/a:9", "r.example/a@DIGEST", true),
        (.matchRepoDigestOrExact, "r.example/b:9", "r.example/a@DIGEST", false),
        (.matchRepository, "r.example/a", "r.example/a:1", true),
        (.matchRepository, "r.example/ab", "r.example/a:1", false),
        (.matchRepository, "no name!", "r.example/a:1", false),
        (
            .remapIdentity(prefix: "mirror.example/hub", signedPrefix: "docker.io"),
            "docker.io/library/x:1", "mirror.example/hub/library/x:1", true
        ),
        (
            .remapIdentity(prefix: "mirror.example/hub", signedPrefix: "docker.io"),
            "docker.io/library/x:1", "mirror.example/hubs/library/x:1", false
        ),
    ])
    func `a signature is about a name`(
        identity: SignedIdentity, signed: String, wanted: String, accepts: Bool
    ) throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let name = wanted.replacing("DIGEST", with: digest)
        #expect(
            identity.accepts(signed: signed, for: try ImageReference(parsing: name)) == accepts)
    }

    @Test func `an exact name holds for any image`() throws {
        let other = try ImageReference(parsing: "r.example/a:1")
        let wanted = try ImageReference(parsing: "s.example/b:2")
        #expect(SignedIdentity.exactReference(other).accepts(signed: "r.example/a:1", for: wanted))
        #expect(!SignedIdentity.exactReference(other).accepts(signed: "s.example/b:2", for: wanted))
        #expect(SignedIdentity.exactRepository(other).accepts(signed: "r.example/a:7", for: wanted))
    }

    @Test func `a statement has the members of its kind and no others`() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        func statement(_ type: String, _ more: String = "") -> [UInt8] {
            Array(
                """
                {"critical": {"type": "\(type)", "image": {"docker-manifest-digest": "\(digest)"},
                 "identity": {"docker-reference": "a:1"}\(more)}, "optional": {"creator": "x"}}
                """.utf8)
        }
        let simple = "atomic container signature"
        #expect(try SignedStatement(json: statement(simple), .simpleSigning).reference == "a:1")
        #expect(throws: Problem.self) { try SignedStatement(json: statement(simple), .cosign) }
        #expect(throws: Problem.self) {
            try SignedStatement(json: statement(simple, ", \"x\": 1"), .simpleSigning)
        }
    }

    @Test(
        arguments: [
            ("[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F\n", nil),
            ("[GNUPG:] BADSIG A b\n", "changed"),
            ("[GNUPG:] EXPKEYSIG A b\n[GNUPG:] VALIDSIG F\n", "key's time"),
            ("[GNUPG:] REVKEYSIG A b\n", "revoked"),
            ("[GNUPG:] ERRSIG A b\n[GNUPG:] NO_PUBKEY A\n", "trusted key"),
            ("[GNUPG:] GOODSIG A b\n", "no signature"),
            ("[GNUPG:] GOODSIG A b\n[GNUPG:] GOODSIG A b\n[GNUPG:] VALIDSIG F\n", "no signature"),
            ("[GNUPG:] NODATA 1\n", "no signature"), ("", "no signature"),
        ] as [(String, String?)])
    func `gpg's words stand for one good signature or none`(status: String, why: String?) {
        let mistake = GPGVerification.mistake(status: status)
        #expect((mistake == nil) == (why == nil))
        if let why { #expect(mistake?.contains(why) == true) }
    }

    @Test func `places of signatures are found by scope`() throws {
        var places = SignaturePlaces(fallback: "file:///usual")
        let text = """
            # where signatures are
            default-docker:
              lookaside: "https://sigs.example/all" # web
              lookaside-staging: file:///staging
            docker:
              r.example/team:
                sigstore: file:///team
                use-sigstore-attachments: true
              docker.io:
                use-sigstore-attachments: false

            """
        try places.read(Array(text.utf8), named: "x.yaml")
        func place(_ name: String) throws -> SignaturePlaces.Place {
            places.place(of: try ImageReference(parsing: name))
        }
        #expect(
            try place("r.example/team/app:1")
                == .init(lookaside: "file:///team", usesAttachments: true))
        #expect(
            try place("debian")
                == .init(lookaside: "https://sigs.example/all", usesAttachments: false))
        #expect(
            try SignaturePlaces(fallback: "f").place(of: ImageReference(parsing: "a")).lookaside
                == "f")
    }

    @Test func `damaged policies and places are errors and never traps`() {
        let policy = Array(
            #"{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyData": "YQ=="}]}"#.utf8)
        let places = Array("docker:\n  a.b/c:\n    lookaside: \"x: y\" # z\n".utf8)
        for text in [policy, places] {
            for index in text.indices {
                for byte in [UInt8(ascii: "\""), UInt8(ascii: ":"), 0, UInt8(ascii: " "), 0xff] {
                    var damaged = text
                    damaged[index] = byte
                    for bytes in [damaged, Array(damaged[..<index])] {
                        _ = try? SignaturePolicy(json: bytes, named: "x")
                        var read = SignaturePlaces(fallback: "")
                        try? read.read(bytes, named: "x")
                    }
                }
            }
        }
    }

    @Test(arguments: [
        ("docker:\n  a: [1]", 2), ("a", 1), ("docker:\n\tx: y", 2), ("other: x", 1),
        ("docker:\n  a:\n    lookaside: b\n   lookaside: c", 4), ("docker: x", 1),
        ("default-docker:\n  use-sigstore-attachments: maybe", 2),
        ("default-docker:\n  lookaside: a\n  lookaside: b", 3), ("default-docker:\n  x: 'y", 2),
    ])
    func `a mistake in registries d is an error that names its line`(text: String, line: Int) {
        var places = SignaturePlaces(fallback: "")
        let problem = #expect(throws: Problem.self) {
            try places.read(Array(text.utf8), named: "x.yaml")
        }
        #expect(problem?.why.hasPrefix("line \(line): ") == true, "\(problem?.why ?? "")")
    }
}
