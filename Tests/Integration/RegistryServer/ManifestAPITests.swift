import Foundation
import Storage
import Testing

/// Manifests over the distribution specification's API.
@Suite struct ManifestAPITests {
    let registry: ServedRegistry

    init() throws { registry = try ServedRegistry() }

    /// A manifest of an artifact whose blobs are in a repository.
    private func manifest(
        _ text: String, in repository: String = "a", subject: String? = nil, type: String? = nil,
        annotations: String = "{}"
    ) throws -> String {
        let layer = try registry.push(blob: Array(text.utf8), to: repository)
        let config = try registry.push(blob: Array("{}".utf8), to: repository)
        let about = subject.map {
            #","subject":{"mediaType":"\#(HTTPAnswer.manifestType)","digest":"\#($0)","size":5}"#
        }
        let kind = type.map { #","artifactType":"\#($0)""# }
        return #"{"schemaVersion":2,"mediaType":"\#(HTTPAnswer.manifestType)""# + (kind ?? "")
            + #","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\#(config)","size":2}"#
            + #","layers":[{"mediaType":"text/plain","digest":"\#(layer)","size":\#(text.utf8.count)}]"#
            + (about ?? "") + #","annotations":\#(annotations)}"#
    }

    private func index(of manifests: [String], more: String = "") -> String {
        let children = manifests.map {
            #"{"mediaType":"\#(HTTPAnswer.manifestType)","digest":"\#(digest($0))","size":\#($0.utf8.count)}"#
        }
        return #"{"schemaVersion":2,"mediaType":"\#(HTTPAnswer.indexType)","manifests":["#
            + children.joined(separator: ",") + "]\(more)}"
    }

    private func digest(_ text: String) -> String { "\(ContentHasher.sha256(Array(text.utf8)))" }

    private func status(_ reference: String, in repository: String = "a") throws -> Int {
        try registry.send("GET", "/v2/\(repository)/manifests/\(reference)").status
    }

    @Test func `a manifest comes and goes as it is, by tag and by digest`() throws {
        let text = try manifest("one") + "\n "
        let answer = try registry.push(manifest: text, as: "1", to: "a")
        #expect(answer.headers["location"] == "/v2/a/manifests/\(digest(text))")
        #expect(answer.headers["docker-content-digest"] == digest(text))
        for reference in ["1", digest(text)] {
            let got = try registry.send("GET", "/v2/a/manifests/\(reference)")
            #expect(got.status == 200)
            #expect(got.text == text)
            #expect(got.headers["content-type"] == HTTPAnswer.manifestType)
            #expect(got.headers["docker-content-digest"] == digest(text))
            let head = try registry.send("HEAD", "/v2/a/manifests/\(reference)")
            #expect(head.headers["content-length"] == "\(text.utf8.count)")
            #expect(head.headers["docker-content-digest"] == digest(text))
        }
        #expect(try registry.send("GET", "/v2/a/manifests/2").code == "MANIFEST_UNKNOWN")
        #expect(try registry.send("GET", "/v2/b/manifests/1").code == "MANIFEST_UNKNOWN")
        #expect(
            try registry.send("GET", "/v2/a/manifests/\(digest("other"))").code
                == "MANIFEST_UNKNOWN")
        #expect(try registry.send("GET", "/v2/a/manifests/sha256:bad").code == "DIGEST_INVALID")
        #expect(try registry.send("GET", "/v2/a/manifests/-tag").code == "MANIFEST_INVALID")
    }

    @Test func `several tags come with one request`() throws {
        let text = try manifest("one")
        let answer = try registry.push(
            manifest: text, as: "\(digest(text))?tag=1&tag=1.2&tag=latest", to: "a")
        #expect(answer.headers["oci-tag"] == "1, 1.2, latest")
        #expect(try status("1.2") == 200)
        let many = (0..<65).map { "tag=t\($0)" }.joined(separator: "&")
        let path = "/v2/a/manifests/\(digest(text))"
        #expect(try registry.send("PUT", "\(path)?\(many)", [:], Array(text.utf8)).status == 414)
        #expect(
            try registry.send("PUT", "\(path)?tag=a/b", [:], Array(text.utf8)).code
                == "MANIFEST_INVALID")
    }

    @Test func `a manifest may have a digest of SHA-512`() throws {
        let text = try manifest("one")
        var hasher = ContentHasher(.sha512)
        Array(text.utf8).withUnsafeBytes { hasher.update($0) }
        let digest = "\(hasher.digest())"
        try registry.push(manifest: text, as: "\(digest)?tag=long", to: "a")
        let got = try registry.send("GET", "/v2/a/manifests/long")
        #expect(got.text == text)
        #expect(got.headers["docker-content-digest"] == digest)
    }

    @Test func `what is no manifest is refused`() throws {
        let whole = try manifest("one")
        func put(_ text: String, _ name: String = "1", type: String? = nil) throws -> HTTPAnswer {
            try registry.send(
                "PUT", "/v2/a/manifests/\(name)",
                ["Content-Type": type ?? HTTPAnswer.manifestType], Array(text.utf8))
        }
        for text in [
            "", "{", "[]", "{}", #"{"schemaVersion":2}"#, whole.replacing("n\":2", with: "n\":3"),
        ] {
            let answer = try put(text)
            #expect(answer.status == 400)
            #expect(answer.code == "MANIFEST_INVALID", "\(text)")
        }
        // Two things at once.
        #expect(
            try put(#"{"schemaVersion":2,"layers":[],"manifests":[]}"#).code == "MANIFEST_INVALID")
        #expect(
            try put(#"{"schemaVersion":1,"name":"a","tag":"1"}"#).code == "MANIFEST_INVALID")
        #expect(try put(whole + " ", digest(whole)).code == "DIGEST_INVALID")
        #expect(try put(whole, "sha256:bad").code == "DIGEST_INVALID")
        let missing = whole.replacing(digest("one"), with: digest("missing"))
        let answer = try put(missing)
        #expect(answer.status == 404)
        #expect(answer.code == "MANIFEST_BLOB_UNKNOWN")
        #expect(answer.text.contains(digest("missing")))
        #expect(try registry.send("GET", "/v2/a/manifests/1").status == 404)
        #expect(try status(digest(missing)) == 404)
    }

    @Test func `blobs that registries do not store may be missing, and platforms, too`() throws {
        let foreign = try manifest("one").replacing(
            #""mediaType":"text/plain","digest":"\#(digest("one"))""#,
            with:
                #""mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar","digest":"\#(digest("far"))""#
        )
        try registry.push(manifest: foreign, as: "1", to: "a")
        try registry.push(
            manifest: index(of: ["absent"]), type: HTTPAnswer.indexType, as: "sparse", to: "a")
        #expect(try status("sparse") == 200)
        #expect(try status(digest("absent")) == 404)
        // What has no image for any platform is listed all the same.
        #expect(try registry.kade.check("images").contains("sparse"))
        try registry.kade.check("rmi", "\(ServedRegistry.name)/a:sparse")
        #expect(try status("sparse") == 404)
    }

    @Test func `a manifest has four megabytes at most`() throws {
        let large = try manifest(
            "one", annotations: #"{"a":"\#(String(repeating: "A", count: 4_100_000))"}"#)
        try registry.push(manifest: large, as: "large", to: "a")
        #expect(try registry.send("GET", "/v2/a/manifests/large").text == large)
        let path = "/v2/a/manifests/larger"
        let larger = try registry.send(
            "PUT", path, [:], [UInt8](repeating: 32, count: (4 << 20) + 1))
        #expect(larger.status == 413)
        #expect(larger.headers["connection"] == "close")
        let stream = try HTTPConnection(port: registry.port)
        try stream.sendHead("PUT", path, ["Transfer-Encoding": "chunked"])
        let part = [UInt8](repeating: 32, count: 1 << 20)
        for _ in 0..<5 { try stream.send(Array("100000\r\n".utf8) + part + [13, 10]) }
        try stream.send(Array("0\r\n\r\n".utf8))
        #expect(try stream.answer().status == 413)
    }

    @Test func `tags and manifests are deleted`() throws {
        let (one, two) = (try manifest("one"), try manifest("two"))
        for tag in ["1", "1.0"] { try registry.push(manifest: one, as: tag, to: "a") }
        try registry.push(manifest: two, as: "2", to: "a")
        let delete = { (name: String) in try registry.send("DELETE", "/v2/a/manifests/\(name)") }
        #expect(try delete("1").status == 202)
        #expect(try delete("1").code == "MANIFEST_UNKNOWN")
        #expect(try status("1") == 404)
        #expect(try status("1.0") == 200)
        #expect(try registry.send("DELETE", "/v2/a/blobs/\(digest("one"))").status == 405)
        #expect(try delete("1.0").status == 202)
        #expect(try status(digest(one)) == 200)  // without a tag, but there
        #expect(try delete(digest(one)).status == 202)
        #expect(try status(digest(one)) == 404)
        #expect(try registry.send("GET", "/v2/a/blobs/\(digest("one"))").status == 404)
        #expect(try delete(digest(two)).status == 202)
        #expect(try status("2") == 404)
        #expect(try registry.files().isEmpty)
        #expect(try registry.send("GET", "/v2/a/tags/list").code == "NAME_UNKNOWN")
    }

    @Test func `the manifests of an index stay when it goes`() throws {
        let parts = [try manifest("one"), try manifest("two")]
        for part in parts { try registry.push(manifest: part, to: "a") }
        let inner = index(of: [parts[0]])
        try registry.push(manifest: inner, type: HTTPAnswer.indexType, to: "a")
        let outer = index(of: [inner, parts[1]]).replacing(
            #"{"mediaType":"\#(HTTPAnswer.manifestType)","digest":"\#(digest(inner))""#,
            with: #"{"mediaType":"\#(HTTPAnswer.indexType)","digest":"\#(digest(inner))""#)
        try registry.push(manifest: outer, type: HTTPAnswer.indexType, as: "all", to: "a")
        // Only the index is an image of this machine, and all are there.
        #expect(
            try registry.kade.check("images", "-q", "--no-trunc").split(separator: "\n").count == 1)
        for text in parts + [inner] { #expect(try status(digest(text)) == 200) }
        let refused = try registry.send("DELETE", "/v2/a/manifests/\(digest(parts[0]))")
        #expect(refused.status == 405)
        #expect(refused.text.contains(digest(inner)))
        #expect(try registry.send("DELETE", "/v2/a/manifests/\(digest(outer))").status == 202)
        for text in [inner, parts[0], parts[1]] {
            #expect(try status(digest(text)) == 200)
            #expect(
                try registry.send("DELETE", "/v2/a/manifests/\(digest(text))").status == 202)
        }
        #expect(try registry.files().isEmpty)
    }

    @Test func `tags are listed in order, in pages`() throws {
        let text = try manifest("one")
        let tags = ["a", "B", "1.10", "1.2", "latest"]
        for tag in tags { try registry.push(manifest: text, as: tag, to: "a") }
        func list(_ query: String) throws -> [String] {
            let answer = try registry.send("GET", "/v2/a/tags/list\(query)")
            #expect(answer.headers["content-type"] == "application/json")
            let json = try #require(answer.json as? [String: Any])
            #expect(json["name"] as? String == "a")
            return try #require(json["tags"] as? [String])
        }
        #expect(try list("") == tags.sorted())
        #expect(try list("?last=B") == ["a", "latest"])
        #expect(try list("?n=0").isEmpty)
        var (found, path): ([String], String?) = ([], "?n=2")
        while let query = path {
            found += try list(query)
            let link = try registry.send("GET", "/v2/a/tags/list\(query)").headers["link"]
            path = link.flatMap { $0.split(separator: "?").last?.split(separator: ">").first }
                .map { "?\($0)" }
            if let link { #expect(link.hasSuffix(#">; rel="next""#)) }
        }
        #expect(found == tags.sorted())
        #expect(try registry.send("GET", "/v2/a/tags/list?n=0").headers["link"] == nil)
        #expect(try registry.send("GET", "/v2/a/tags/list?n=-1").status == 400)
        #expect(try registry.send("GET", "/v2/none/tags/list").code == "NAME_UNKNOWN")
    }

    @Test func `referrers are listed with what they say of themselves`() throws {
        let subject = digest("not here yet")
        func list(_ query: String = "") throws -> HTTPAnswer {
            let answer = try registry.send("GET", "/v2/a/referrers/\(subject)\(query)")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == HTTPAnswer.indexType)
            return answer
        }
        func manifests(_ answer: HTTPAnswer) throws -> [[String: Any]] {
            let json = try #require(answer.json as? [String: Any])
            #expect(json["schemaVersion"] as? Int == 2)
            #expect(json["mediaType"] as? String == HTTPAnswer.indexType)
            return try #require(json["manifests"] as? [[String: Any]])
        }
        #expect(try manifests(try list()).isEmpty)
        let signature = try manifest(
            "signature", subject: subject, type: "text/x+signature", annotations: #"{"k":"v"}"#)
        let answer = try registry.push(manifest: signature, to: "a")
        #expect(answer.headers["oci-subject"] == subject)
        // Without a type it is the configuration's; an index without one has none.
        try registry.push(manifest: try manifest("untyped", subject: subject), as: "u", to: "a")
        let more =
            #","subject":{"mediaType":"\#(HTTPAnswer.manifestType)","digest":"\#(subject)","size":5}"#
        try registry.push(
            manifest: index(of: [], more: more), type: HTTPAnswer.indexType, to: "a")
        let all = try manifests(try list())
        #expect(
            Set(all.map { $0["artifactType"] as? String ?? "none" }) == [
                "text/x+signature", "application/vnd.oci.empty.v1+json", "none",
            ])
        for query in ["text/x%2Bsignature", "text/x+signature"] {
            let filtered = try list("?artifactType=\(query)")
            #expect(filtered.headers["oci-filters-applied"] == "artifactType")
            let one = try #require(try manifests(filtered).first)
            #expect(try manifests(filtered).count == 1)
            #expect(one["digest"] as? String == digest(signature))
            #expect(one["size"] as? Int == signature.utf8.count)
            #expect(one["mediaType"] as? String == HTTPAnswer.manifestType)
            #expect(one["annotations"] as? [String: String] == ["k": "v"])
        }
        #expect(try manifests(try list("?artifactType=none")).isEmpty)
        #expect(try registry.send("GET", "/v2/a/referrers/bad").status == 400)
        #expect(try registry.send("GET", "/v2/never/referrers/\(subject)").status == 200)
        _ = try registry.send("DELETE", "/v2/a/manifests/\(digest(signature))")
        #expect(try manifests(try list()).count == 2)
    }

    @Test func `many referrers come in pages`() throws {
        let subject = digest("subject")
        let long = #"{"a":"\#(String(repeating: "A", count: 900_000))"}"#
        let texts = try (0..<5).map {
            try manifest("part \($0)", subject: subject, type: "a/b+c", annotations: long)
        }
        for text in texts { try registry.push(manifest: text, to: "a") }
        var found: [String] = []
        var pages = 0
        var path: String? = "/v2/a/referrers/\(subject)?artifactType=a/b%2Bc"
        while let page = path {
            let answer = try registry.send("GET", page)
            let json = try #require(answer.json as? [String: Any])
            let manifests = try #require(json["manifests"] as? [[String: Any]])
            found += manifests.compactMap { $0["digest"] as? String }
            pages += 1
            path = answer.headers["link"].flatMap { $0.split(separator: ">").first }
                .map { String($0.dropFirst()) }
        }
        #expect(Set(found) == Set(texts.map(digest)))
        #expect(found.count == 5)
        #expect(pages == 3)
    }
}
