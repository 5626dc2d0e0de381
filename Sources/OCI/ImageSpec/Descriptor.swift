/// Names content by its digest (image-spec, descriptor.md).
package struct Descriptor: JSONCodable, Equatable {
    /// What the content is.
    package var mediaType: MediaType
    /// The content's digest.
    package var digest: Digest
    /// The content's size in bytes.
    package var size: Int64
    /// Other places to get the content from.
    package var urls: [String]
    /// Free metadata.
    package var annotations: [String: String]
    /// The content itself, in base64.
    package var data: String?
    /// What the artifact is that the content belongs to.
    package var artifactType: String?
    /// What the image runs on.
    package var platform: Platform?
    /// Members that this version of Kade does not know, kept as they were.
    package var unknownFields: JSONObject

    package init(
        mediaType: MediaType,
        digest: Digest,
        size: Int64,
        urls: [String] = [],
        annotations: [String: String] = [:],
        data: String? = nil,
        artifactType: String? = nil,
        platform: Platform? = nil,
        unknownFields: JSONObject = JSONObject()
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.urls = urls
        self.annotations = annotations
        self.data = data
        self.artifactType = artifactType
        self.platform = platform
        self.unknownFields = unknownFields
    }
}

extension Descriptor {
    package init(from json: inout JSONReader) throws(JSONError) {
        var mediaType: MediaType?
        var digest: Digest?
        var size: Int64?
        var urls: [String] = []
        var annotations: [String: String] = [:]
        var data: String?
        var artifactType: String?
        var platform: Platform?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "mediaType": mediaType = try json.read()
            case "digest": digest = try json.read()
            case "size": size = try json.read()
            case "urls": urls = try json.read()
            case "annotations": annotations = try json.read()
            case "data": data = try json.read()
            case "artifactType": artifactType = try json.read()
            case "platform": platform = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            mediaType: try json.required(mediaType, "mediaType"),
            digest: try json.required(digest, "digest"),
            size: try json.required(size, "size"),
            urls: urls,
            annotations: annotations,
            data: data,
            artifactType: artifactType,
            platform: platform,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("mediaType", mediaType)
        json.member("digest", digest)
        json.member("size", size)
        json.optional("urls", urls)
        json.optional("annotations", annotations)
        json.optional("data", data)
        json.optional("artifactType", artifactType)
        json.optional("platform", platform)
        json.members(unknownFields)
        json.endObject()
    }
}
