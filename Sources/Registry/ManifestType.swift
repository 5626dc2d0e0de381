package import Diagnostics
package import OCI

/// Tells what a manifest's text is, and refuses what is two things at once or too old.
package enum ManifestType {
    /// The media type of a text.
    ///
    /// The text's own `mediaType` counts first, then the header, then its members.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - contentType: the header `Content-Type`.
    ///   - purpose: what cannot be done otherwise, for the error.
    /// - Returns: a type of a manifest or of an index.
    /// - Throws: `.unsupported` for Docker's schema 1 and for anything unknown; `.invalid` for a
    ///   text that could be read as a manifest and as an index (image-spec, CVE-2021-41190).
    package static func mediaType(
        of bytes: [UInt8], contentType: String?, purpose: String
    ) throws(Problem) -> MediaType {
        let json = try JSONValue.parse(bytes, named: "the manifest")
        let header = contentType.map { type in
            MediaType(rawValue: String(type.prefix { $0 != ";" && $0 != " " }).lowercased())
        }
        if json["schemaVersion"]?.int == 1 || header == .dockerSchema1
            || header == .dockerSignedSchema1
        {
            throw Problem(
                kind: .unsupported, what: purpose,
                why: "the manifest is of Docker's schema 1, which is insecure",
                fix: "push the image again with a current tool")
        }
        let looksLikeIndex = json["manifests"] != nil
        let looksLikeManifest = json["config"] != nil || json["layers"] != nil
        if looksLikeIndex && looksLikeManifest {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "its manifest has layers and manifests, which nobody can tell apart")
        }
        let stated = json["mediaType"]?.string.map { MediaType(rawValue: $0) } ?? header
        if let stated, stated.isManifest && !looksLikeIndex || stated.isIndex && !looksLikeManifest
        {
            return stated
        }
        if json["mediaType"] == nil, looksLikeIndex { return .index }
        if json["mediaType"] == nil, looksLikeManifest { return .manifest }
        throw Problem(
            kind: .unsupported, what: purpose,
            why: "its manifest is of the type \(stated?.rawValue ?? "unknown")",
            fix: "use an image or an artifact")
    }
}
