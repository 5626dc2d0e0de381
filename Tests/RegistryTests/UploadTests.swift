import OCI
import Testing

@testable import Registry

@Suite struct UploadTests {
    @Test(
        arguments: [
            ("0-1023", 1024), ("bytes=0-9", 10), ("0-0", 0), ("5-9", nil), ("x", nil), (nil, nil),
        ] as [(String?, Int64?)])
    func `an upload's range ends with the last byte that is there`(
        header: String?, end: Int64?
    ) {
        #expect(UploadRange.end(of: header) == end)
    }

    @Test func `a push asks for its own rights, a pull for what it is told`() {
        let push = RegistryAccess.push(mountingFrom: nil)
        #expect(
            push.scope(repository: "a/b", asked: "repository:a/b:pull")
                == "repository:a/b:pull,push")
        #expect(
            RegistryAccess.push(mountingFrom: "c").scope(repository: "a", asked: nil)
                == "repository:a:pull,push repository:c:pull")
        #expect(RegistryAccess.pull.scope(repository: "a", asked: "x") == "x")
        #expect(RegistryAccess.pull.scope(repository: "a", asked: nil) == "repository:a:pull")
    }

    @Test(
        arguments: [
            ("299 - \"ends soon\"", "ends soon"), ("299 - \"a \\\"b\\\"\"", "a \"b\""),
            ("199 - \"x\"", nil),
            ("299 - \"\"", nil), ("299 - \"a\u{1b}[2J\"", nil), ("299", nil),
        ] as [(String, String?)])
    func `a registry's warning is its text`(header: String, text: String?) {
        #expect(RegistryWarnings.text(of: header) == text)
    }

    @Test func `layers of other owners are known by their type`() {
        for type in ["nondistributable.v1.tar", "nondistributable.v1.tar+zstd"] {
            #expect(
                MediaType(rawValue: "application/vnd.oci.image.layer.\(type)").isNondistributable)
        }
        #expect(MediaType.dockerForeignLayer.isNondistributable)
        #expect(!MediaType.gzipLayer.isNondistributable)
    }
}
