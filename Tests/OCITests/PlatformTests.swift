import Diagnostics
import OCI
import Testing

@Suite struct PlatformTests {
    @Test(arguments: [
        ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"), ("Linux/AMD64/v3", "linux/amd64/v3"),
        ("linux/aarch64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"), ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"), ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"), ("linux/arm/6", "linux/arm/v6"),
        ("arm64", "linux/arm64"), ("linux/i386", "linux/386"), ("macos/arm64", "darwin/arm64"),
        ("linux", Platform.host.description), ("riscv64", "linux/riscv64"),
    ])
    func `spellings of one platform are one`(text: String, normal: String) throws {
        #expect(try Platform(parsing: text).description == normal)
    }

    @Test(arguments: ["", "/", "linux/", "a/b/c/d", "nonsense", "linux/am d64"])
    func `what is no platform is refused`(text: String) {
        #expect(throws: Problem.self) { try Platform(parsing: text) }
    }

    @Test(arguments: [
        ("linux/arm/v7", ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
        (
            "linux/arm64",
            [
                "linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6",
                "linux/arm/v5",
            ]
        ),
        ("linux/amd64/v3", ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"]),
        ("linux/amd64", ["linux/amd64", "linux/386"]),
        ("linux/s390x", ["linux/s390x"]),
    ])
    func `what runs on a platform is listed from the best`(text: String, names: [String]) throws {
        #expect(try Platform(parsing: text).runnable.map(\.description) == names)
    }

    @Test func `the best manifest is chosen, and never an attestation`() throws {
        let index = try ImageIndex(json: Array(indexText.utf8), named: "index.json")
        func size(_ platform: String) throws -> Int64 {
            let platform = try Platform(parsing: platform)
            return try index.selectManifest(for: platform, named: "x").size
        }
        #expect(try size("linux/arm/v7") == 3)
        #expect(try size("linux/arm64") == 4)
        #expect(try size("linux/amd64") == 2)
        #expect(try size("linux/amd64/v4") == 6)
        let error = #expect(throws: Problem.self) { try size("linux/s390x") }
        #expect(error?.kind == .notFound)
        #expect(
            error?.why == "it has only linux/amd64, linux/arm/v6, linux/arm64, linux/amd64/v3")
        #expect(index.unknownFields["x"] == 1)
    }

    @Test func `images for Windows are kept with their version, and are not for Linux`() throws {
        let digest = "sha256:" + String(repeating: "c", count: 64)
        let text = """
            {"schemaVersion":2,"manifests":[
             {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\(digest)","size":1,
              "platform":{"os":"windows","architecture":"amd64","os.version":"10.0.20348.2113",
                          "os.features":["win32k"]}}]}
            """
        let index = try ImageIndex(json: Array(text.utf8), named: "index.json")
        let platform = try #require(index.manifests[0].platform)
        #expect(platform.osVersion == "10.0.20348.2113")
        #expect(platform.osFeatures == ["win32k"])
        let linux = try Platform(parsing: "linux/amd64")
        let problem = #expect(throws: Problem.self) {
            try index.selectManifest(for: linux, named: "x")
        }
        #expect(problem?.why.contains("windows/amd64") == true)
        let windows = try Platform(parsing: "windows/amd64")
        #expect(try index.selectManifest(for: windows, named: "x").size == 1)
    }

    @Test func `a manifest without a platform is the last resort`() throws {
        var index = try ImageIndex(json: Array(indexText.utf8), named: "index.json")
        index.manifests[0].platform = nil
        let platform = try Platform(parsing: "linux/s390x")
        #expect(throws: Problem.self) { try index.selectManifest(for: platform, named: "x") }
        index.manifests[0].annotations = [:]
        #expect(try index.selectManifest(for: platform, named: "x").size == 1)
    }

    private let indexText: String = {
        let digest = "sha256:" + String(repeating: "b", count: 64)
        func entry(_ size: Int, _ platform: String, _ more: String = "") -> String {
            """
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\(digest)",
             "size":\(size),"platform":{\(platform)}\(more)}
            """
        }
        let attestation =
            #","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#
        let entries = [
            entry(1, #""os":"unknown","architecture":"unknown""#, attestation),
            entry(2, #""os":"linux","architecture":"amd64""#),
            entry(3, #""os":"linux","architecture":"arm","variant":"v6""#),
            entry(4, #""os":"linux","architecture":"arm64","variant":"v8""#),
            entry(5, #""os":"linux","architecture":"amd64""#),
            entry(6, #""os":"linux","architecture":"amd64","variant":"v3""#),
        ]
        return #"{"schemaVersion":2,"x":1,"manifests":[\#(entries.joined(separator: ","))]}"#
    }()
}
