import Diagnostics
import OCI
import Testing

private let hash = String(repeating: "a", count: 64)

@Suite struct ImageReferenceTests {
    @Test(arguments: [
        ("debian", "docker.io/library/debian", "debian"),
        ("debian:12", "docker.io/library/debian:12", "debian:12"),
        ("library/debian", "docker.io/library/debian", "debian"),
        ("docker.io/debian", "docker.io/library/debian", "debian"),
        ("index.docker.io/owner/name", "docker.io/owner/name", "owner/name"),
        ("owner/name:v1.0-a_b", "docker.io/owner/name:v1.0-a_b", "owner/name:v1.0-a_b"),
        ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
        ("localhost/name", "localhost/name", "localhost/name"),
        ("localhost:5000/name:t", "localhost:5000/name:t", "localhost:5000/name:t"),
        ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b"),
        ("[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a"),
        ("LOCALHOST/name", "LOCALHOST/name", "LOCALHOST/name"),
        ("ghcr.io/a__b/c---d/e.f", "ghcr.io/a__b/c---d/e.f", "ghcr.io/a__b/c---d/e.f"),
        (
            "debian@sha256:\(hash)", "docker.io/library/debian@sha256:\(hash)",
            "debian@sha256:\(hash)"
        ),
        (
            "debian:12@sha256:\(hash)", "docker.io/library/debian:12@sha256:\(hash)",
            "debian:12@sha256:\(hash)"
        ),
    ])
    func `a reference has a whole and a familiar form`(
        text: String, whole: String, familiar: String
    ) throws {
        let reference = try ImageReference(parsing: text)
        #expect(reference.description == whole)
        #expect(reference.familiar == familiar)
        #expect(try ImageReference(parsing: whole) == reference)
        #expect(try ImageReference(parsing: familiar) == reference)
    }

    @Test(arguments: [
        "", ":tag", "Debian", "debian:", "debian:-x", "debian:a b", "a//b", "/a", "a/", "a..b",
        "a___b", "-a", "a-", "a.-b", "ghcr.io/", "gh_cr.io:1/a", "host:/a", "host:x/a",
        "a@sha256:12",
        "a@", "docker.io/Name", "a/b:\(String(repeating: "t", count: 129))", hash,
        "a/\(String(repeating: "b", count: 260))", "é", "../a", "a/../b", "a@sha256:\(hash)x",
    ])
    func `what is no reference is refused`(text: String) {
        let error = #expect(throws: Problem.self) { try ImageReference(parsing: text) }
        #expect(error?.kind == .invalid)
    }

    @Test func `the default tag is latest unless a digest says more`() throws {
        #expect(try ImageReference(parsing: "a").withDefaultTag.familiar == "a:latest")
        #expect(try ImageReference(parsing: "a:1").withDefaultTag.tag == "1")
        #expect(try ImageReference(parsing: "a@sha256:\(hash)").withDefaultTag.tag == nil)
    }

    @Test(arguments: [
        "sha256:\(hash)", "sha512:\(hash)\(hash)", "blake3:\(hash)", "future+b64u.x_y-z:Ab-_=9",
    ])
    func `a digest that fits the grammar is read`(text: String) throws {
        #expect(try Digest(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "sha256", "sha256:", ":\(hash)", "sha256:\(hash)a", "sha256:\(hash.uppercased())",
        "SHA256:\(hash)", "sha256:../../etc", "a..b:c", "a:b/c", "a+:b", "a:b:c",
    ])
    func `what is no digest is refused`(text: String) {
        #expect(throws: Problem.self) { try Digest(parsing: text) }
    }

    @Test func `chainIDs name each layer with those below`() throws {
        let layers = try ["a", "b", "c"].map { digit in
            try Digest(parsing: "sha256:" + String(repeating: digit, count: 64))
        }
        var hashed: [String] = []
        let chain = Digest.chainIDs(of: layers) { bytes in
            hashed.append(String(decoding: bytes, as: UTF8.self))
            return Digest(sha256: Array(repeating: UInt8(hashed.count), count: 32))
        }
        #expect(chain.first == layers[0])
        #expect(chain.count == 3)
        #expect(hashed == ["\(layers[0]) \(layers[1])", "\(chain[1]) \(layers[2])"])
        #expect(Digest.chainIDs(of: []) { _ in layers[0] }.isEmpty)
    }
}
