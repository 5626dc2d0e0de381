/// An image's parts: its configuration and layers (image-spec, manifest.md).
///
/// Docker's schema 2 manifest has the same members.
package struct Manifest: JSONCodable, Equatable {
    /// 2.
    package var schemaVersion: Int
    /// What the manifest is.
    package var mediaType: MediaType?
    /// What the artifact is, when it is no image.
    package var artifactType: String?
    /// The image's configuration.
    package var config: Descriptor
    /// The layers, lowest first.
    package var layers: [Descriptor]
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
        config: Descriptor,
        layers: [Descriptor] = [],
        subject: Descriptor? = nil,
        annotations: [String: String] = [:],
        unknownFields: JSONObject = JSONObject()
    ) {
        self.schemaVersion = schemaVersion
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.subject = subject
        self.annotations = annotations
        self.unknownFields = unknownFields
    }
}

extension Manifest {
    package init(from json: inout JSONReader) throws(JSONError) {
        var schemaVersion: Int?
        var config: Descriptor?
        var mediaType: MediaType?
        var artifactType: String?
        var layers: [Descriptor] = []
        var subject: Descriptor?
        var annotations: [String: String] = [:]
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "schemaVersion": schemaVersion = try json.read()
            case "mediaType": mediaType = try json.read()
            case "artifactType": artifactType = try json.read()
            case "config": config = try json.read()
            case "layers": layers = try json.read()
            case "subject": subject = try json.read()
            case "annotations": annotations = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            schemaVersion: try json.required(schemaVersion, "schemaVersion"),
            mediaType: mediaType,
            artifactType: artifactType,
            config: try json.required(config, "config"),
            layers: layers,
            subject: subject,
            annotations: annotations,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("schemaVersion", schemaVersion)
        json.optional("mediaType", mediaType)
        json.optional("artifactType", artifactType)
        json.member("config", config)
        json.optional("layers", layers)
        json.optional("subject", subject)
        json.optional("annotations", annotations)
        json.members(unknownFields)
        json.endObject()
    }
}
