/// The images of one name, by platform (image-spec, image-index.md).
///
/// Docker's manifest list has the same members.
package struct ImageIndex: JSONCodable, Equatable {
    /// 2.
    package var schemaVersion: Int
    /// What the index is.
    package var mediaType: MediaType?
    /// What the artifact is.
    package var artifactType: String?
    /// Manifests or further indexes.
    package var manifests: [Descriptor]
    /// The manifest that this one is about.
    package var subject: Descriptor?
    /// Free metadata.
    package var annotations: [String: String]
    /// Members that this version of Kade does not know, kept as they were.
    package var unknownFields: JSONObject

    package init(
        schemaVersion: Int,
        mediaType: MediaType? = nil,
        artifactType: String? = nil,
        manifests: [Descriptor] = [],
        subject: Descriptor? = nil,
        annotations: [String: String] = [:],
        unknownFields: JSONObject = JSONObject()
    ) {
        self.schemaVersion = schemaVersion
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.manifests = manifests
        self.subject = subject
        self.annotations = annotations
        self.unknownFields = unknownFields
    }
}

extension ImageIndex {
    package init(from json: inout JSONReader) throws(JSONError) {
        var schemaVersion: Int?
        var mediaType: MediaType?
        var artifactType: String?
        var manifests: [Descriptor] = []
        var subject: Descriptor?
        var annotations: [String: String] = [:]
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "schemaVersion": schemaVersion = try json.read()
            case "mediaType": mediaType = try json.read()
            case "artifactType": artifactType = try json.read()
            case "manifests": manifests = try json.read()
            case "subject": subject = try json.read()
            case "annotations": annotations = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            schemaVersion: try json.required(schemaVersion, "schemaVersion"),
            mediaType: mediaType,
            artifactType: artifactType,
            manifests: manifests,
            subject: subject,
            annotations: annotations,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("schemaVersion", schemaVersion)
        json.optional("mediaType", mediaType)
        json.optional("artifactType", artifactType)
        json.member("manifests", manifests)  // the specification wants it, empty or not
        json.optional("subject", subject)
        json.optional("annotations", annotations)
        json.members(unknownFields)
        json.endObject()
    }
}
