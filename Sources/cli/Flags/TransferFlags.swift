/// Flags of `pull` and `push` that Podman or nerdctl has and that this version of Kade refuses, each
/// with the reason.
enum RefusedTransferFlags<Target> {
    static var pull: [Flag<Target>] {
        let lazily = "a table of contents is used that the image brings (zstd:chunked, eStargz)"
        return refused([
            ("decryption-key", Self.decryption), ("ipfs-address", Self.peers),
            ("soci-index-digest", lazily), ("verify", Self.policy),
        ]) + both + [
            .allowing("unpack", anyOf: ["true", "auto"], "layers are unpacked while they arrive")
        ]
    }

    static var push: [Flag<Target>] {
        let signing = "this version of Kade makes no signatures: cosign sign, skopeo copy --sign-by"
        let encryption = "this version of Kade does not encrypt images"
        return refused([
            ("add-compression", "push again with another --compression-format"),
            ("encrypt-layer", encryption), ("encryption-key", encryption),
            ("ipfs-address", Self.peers), ("notation-key-name", signing), ("sign", signing),
            ("sign-by", signing), ("sign-by-sigstore", signing),
            ("sign-by-sigstore-private-key", signing), ("sign-passphrase-file", signing),
            ("soci-min-layer-size", "this version of Kade makes no SOCI indexes"),
            ("soci-span-size", "this version of Kade makes no SOCI indexes"),
        ]) + both
            + [
                .unsupported(
                    "format", "f",
                    why: "the manifest stays as it is, so that its digest is the same everywhere")
            ]
            + [
                ("allow-nondistributable-artifacts", "their manifests name where layers are"),
                ("compress", "--compression-format says how plain layers are compressed"),
                ("estargz", "--compression-format estargz"), ("ipfs-ensure-image", Self.peers),
                ("remove-signatures", "signatures are images of their own, and are not pushed"),
            ].map { .unsupported($0.0, nil, nil, why: $0.1) }
    }

    /// Those of `run` and `create`, for the pull of an image that is not here.
    static var run: [Flag<Target>] {
        refused([
            ("decryption-key", Self.decryption), ("ipfs-address", Self.peers),
            ("verify", Self.policy),
        ]) + both
    }

    private static var both: [Flag<Target>] {
        refused([
            ("cert-dir", "registries' certificates are in /etc/containers/certs.d"),
            ("creds", "log in first: kade login"),
            ("retry", "Kade tries six times by itself"),
            ("retry-delay", "Kade waits half a second, then twice as long each time"),
            ("tls-details", "this version of Kade has no choice of ciphers"),
        ]) + cosign
    }

    private static var cosign: [Flag<Target>] {
        let names = [
            "cosign-key", "cosign-certificate-identity", "cosign-certificate-identity-regexp",
            "cosign-certificate-oidc-issuer", "cosign-certificate-oidc-issuer-regexp",
        ]
        return refused(names.map { ($0, Self.policy) })
    }

    private static func refused(_ reasons: [(String, String)]) -> [Flag<Target>] {
        reasons.map { .unsupported($0.0, nil, "string", why: $0.1) }
    }

    private static var policy: String {
        "signatures are verified as policy.json says (containers-policy.json(5))"
    }
    private static var decryption: String { "this version of Kade does not decrypt images" }
    private static var peers: String { "this version of Kade fetches from registries alone" }
}
