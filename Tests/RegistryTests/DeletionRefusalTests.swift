import Diagnostics
import OCI
import Registry
import Testing

/// What a registry says that does not delete, and what to do then.
@Suite struct DeletionRefusalTests {
    private func problem(
        _ status: UInt, _ code: String, deleting text: String, tag: String?
    ) throws -> Problem {
        let body = #"{"errors": [{"code": "\#(code)", "message": "words"}]}"#
        return try RegistryRefusal(status: status, body: Array(body.utf8)).problem(
            deleting: ImageReference(parsing: text), tag: tag, what: "cannot delete x",
            registry: "r.example")
    }

    @Test(arguments: [
        (400, "DIGEST_INVALID"), (400, "TAG_INVALID"), (405, "UNSUPPORTED"), (501, "UNSUPPORTED"),
    ])
    func `a tag that is not deleted may go with its manifest`(
        status: Int, code: String
    ) throws {
        let problem = try problem(UInt(status), code, deleting: "r.example/app:1", tag: "1")
        #expect(problem.kind == .unsupported)
        #expect(problem.why == "r.example says \(code): words")
        #expect(
            problem.fix?.contains("kade registry rm --manifest r.example/app:1") == true)
        #expect(problem.fix?.contains("DELETE_ENABLED") == (status != 400))
    }

    @Test func `a manifest that is not deleted is not the client's to allow`() throws {
        let digest = "sha256:" + String(repeating: "a", count: 64)
        for text in ["r.example/app@\(digest)", "r.example/app:1"] {
            let problem = try problem(405, "UNSUPPORTED", deleting: text, tag: nil)
            #expect(problem.fix?.contains("REGISTRY_STORAGE_DELETE_ENABLED=true") == true)
            #expect(problem.fix?.contains("--manifest") == false)
        }
        #expect(
            try problem(400, "DIGEST_INVALID", deleting: "r.example/app@\(digest)", tag: nil)
                .kind == .corrupt)
    }

    @Test func `who may not delete needs another login`() throws {
        for status: UInt in [401, 403] {
            let problem = try problem(status, "DENIED", deleting: "r.example/app:1", tag: "1")
            #expect(problem.kind == .denied)
            #expect(
                problem.fix == "log in as somebody who may delete there: kade login r.example")
        }
    }
}
