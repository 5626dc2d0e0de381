/// How an image is run and what it is made of (image-spec, config.md).
///
/// The digest of its text is the image's ID. Docker's further members stay in ``unknownFields``.
package struct ImageConfiguration: JSONCodable, Equatable {
    /// When it was made, in RFC 3339.
    package var created: String?
    /// Who made it.
    package var author: String?
    /// The processor, in Go's words: "amd64".
    package var architecture: String
    /// The operating system: "linux".
    package var os: String
    /// The operating system's version.
    package var osVersion: String?
    /// What the operating system must be able to do.
    package var osFeatures: [String]
    /// The processor's variant: "v8".
    package var variant: String?
    /// What a container gets unless asked otherwise.
    package var config: Defaults?
    /// The layers.
    package var rootfs: Rootfs
    /// What made each layer.
    package var history: [History]
    /// Members that this version of Kade does not know, kept as they were.
    package var unknownFields: JSONObject

    package init(
        created: String? = nil,
        author: String? = nil,
        architecture: String,
        os: String,
        osVersion: String? = nil,
        osFeatures: [String] = [],
        variant: String? = nil,
        config: Defaults? = nil,
        rootfs: Rootfs,
        history: [History] = [],
        unknownFields: JSONObject = JSONObject()
    ) {
        self.created = created
        self.author = author
        self.architecture = architecture
        self.os = os
        self.osVersion = osVersion
        self.osFeatures = osFeatures
        self.variant = variant
        self.config = config
        self.rootfs = rootfs
        self.history = history
        self.unknownFields = unknownFields
    }
}

extension ImageConfiguration {
    package init(from json: inout JSONReader) throws(JSONError) {
        var architecture: String?
        var os: String?
        var rootfs: Rootfs?
        var created: String?
        var author: String?
        var osVersion: String?
        var osFeatures: [String] = []
        var variant: String?
        var config: Defaults?
        var history: [History] = []
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "created": created = try json.read()
            case "author": author = try json.read()
            case "architecture": architecture = try json.read()
            case "os": os = try json.read()
            case "os.version": osVersion = try json.read()
            case "os.features": osFeatures = try json.read()
            case "variant": variant = try json.read()
            case "config": config = try json.read()
            case "rootfs": rootfs = try json.read()
            case "history": history = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            created: created,
            author: author,
            architecture: try json.required(architecture, "architecture"),
            os: try json.required(os, "os"),
            osVersion: osVersion,
            osFeatures: osFeatures,
            variant: variant,
            config: config,
            rootfs: try json.required(rootfs, "rootfs"),
            history: history,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("created", created)
        json.optional("author", author)
        json.member("architecture", architecture)
        json.member("os", os)
        json.optional("os.version", osVersion)
        json.optional("os.features", osFeatures)
        json.optional("variant", variant)
        json.optional("config", config)
        json.member("rootfs", rootfs)
        json.optional("history", history)
        json.members(unknownFields)
        json.endObject()
    }
}
