import Diagnostics
import Fuzz
import OCI
import Testing

/// Damaged references, manifests and configurations of images: accepted, or refused in words.
@Suite struct ImageFuzzTests {
    private static let digest = "sha256:" + String(repeating: "a1", count: 32)

    @Test(arguments: 0..<(4 * fuzzFactor))
    func `a reference is read again as it was written`(seed: UInt64) {
        let texts = [
            "debian", "team/app:1.2", "r.example:5000/a/b-c/d__e.f:x_y.z-1", "[::1]:5000/a",
            "localhost/a@\(Self.digest)", "r.example/a:1@\(Self.digest)",
        ]
        let found = complaints(
            about: texts.map { Array($0.utf8) }, seed: seed,
            marks: Array(":/@._-[]%A0 \u{0}".utf8) + [0xC3]
        ) { bytes throws(Problem) in
            let reference = try ImageReference(parsing: String(decoding: bytes, as: UTF8.self))
            for text in ["\(reference)", reference.familiar] {
                let again = try ImageReference(parsing: text)
                #expect(again == reference)
            }
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `a platform and a digest are read again as they were written`(seed: UInt64) {
        let platforms = ["linux/amd64", "linux/arm/v7", "windows/amd64", "arm64", "x86_64"]
        var found = complaints(
            about: platforms.map { Array($0.utf8) }, seed: seed, marks: Array("/v0xA_ ".utf8)
        ) { bytes throws(Problem) in
            let platform = try Platform(parsing: String(decoding: bytes, as: UTF8.self))
            let again = try Platform(parsing: "\(platform)")
            #expect(again == platform)
        }
        found += complaints(
            about: [Array(Self.digest.utf8)], seed: seed, marks: Array(":+.-/agA0".utf8)
        ) { bytes throws(Problem) in
            let digest = try Digest(parsing: String(decoding: bytes, as: UTF8.self))
            let again = try Digest(parsing: "\(digest)")
            #expect(again == digest)
            #expect(!digest.encoded.contains("/") && !digest.algorithm.contains("/"))
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: 0..<(4 * fuzzFactor))
    func `a manifest, an index and a configuration survive their text`(seed: UInt64) {
        let found =
            complaints(about: [Array(Self.manifest.utf8)], seed: seed) { bytes throws(Problem) in
                let read = try Manifest(json: bytes, named: "manifest")
                let again = try Manifest(json: read.json(), named: "again")
                #expect(again == read)
            }
            + complaints(about: [Array(Self.index.utf8)], seed: seed) { bytes throws(Problem) in
                let read = try ImageIndex(json: bytes, named: "index")
                let again = try ImageIndex(json: read.json(), named: "again")
                #expect(again == read)
            }
            + complaints(about: [Array(Self.configuration.utf8)], seed: seed) {
                bytes throws(Problem) in
                let read = try ImageConfiguration(json: bytes, named: "configuration")
                let again = try ImageConfiguration(json: read.json(), named: "again")
                #expect(again == read)
            }
        #expect(found.isEmpty)
    }

    private static let manifest = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":\
        {"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\(digest)","size":7,\
        "data":"e30="},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",\
        "digest":"\(digest)","size":9,"urls":["https://a/b"],"annotations":{"a":"b"}}],\
        "subject":{"mediaType":"a/b","digest":"\(digest)","size":1},"artifactType":"c/d",\
        "annotations":{"x":"y"},"future":[1,{"a":null}]}
        """
    private static let index = """
        {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",\
        "digest":"\(digest)","size":7,"platform":{"architecture":"arm","os":"linux",\
        "variant":"v7","os.version":"1","os.features":["f"]},"annotations":{"a":"b"}}],\
        "annotations":{}}
        """
    private static let configuration = """
        {"created":"2026-01-02T03:04:05.678Z","architecture":"arm64","os":"linux","config":\
        {"User":"1:2","ExposedPorts":{"80/tcp":{}},"Env":["A=1"],"Entrypoint":["/e"],"Cmd":["c"],\
        "Volumes":{"/v":{}},"WorkingDir":"/w","Labels":{"a":"b"},"StopSignal":"SIGQUIT",\
        "Healthcheck":{"Test":["CMD","x"],"Interval":30000000000,"Retries":3},"OnBuild":["RUN x"]},\
        "rootfs":{"type":"layers","diff_ids":["\(digest)"]},\
        "history":[{"created":"2026-01-02T03:04:05Z","created_by":"x","empty_layer":true}]}
        """
}
