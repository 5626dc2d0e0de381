extension ImageConfiguration {
    /// The layers that an image is made of.
    package struct Rootfs: JSONCodable, Equatable {
        /// How they are combined.
        package var type: Kind
        /// The digests of the uncompressed layers, lowest first.
        package var diffIDs: [Digest]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            type: Kind = .layers,
            diffIDs: [Digest] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.type = type
            self.diffIDs = diffIDs
            self.unknownFields = unknownFields
        }

        /// How layers are combined.
        package enum Kind: String, JSONStringEnum {
            /// One over the other.
            case layers
        }
    }

    /// What made a layer.
    package struct History: JSONCodable, Equatable {
        /// When, in RFC 3339.
        package var created: String?
        /// The command.
        package var createdBy: String?
        /// Who.
        package var author: String?
        /// A remark.
        package var comment: String?
        /// Whether the file system stayed as it was.
        package var emptyLayer: Bool
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            created: String? = nil,
            createdBy: String? = nil,
            author: String? = nil,
            comment: String? = nil,
            emptyLayer: Bool = false,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.created = created
            self.createdBy = createdBy
            self.author = author
            self.comment = comment
            self.emptyLayer = emptyLayer
            self.unknownFields = unknownFields
        }
    }
}

extension ImageConfiguration.Rootfs {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "type": type = try json.read()
            case "diff_ids": diffIDs = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", type)
        json.optional("diff_ids", diffIDs)
        json.members(unknownFields)
        json.endObject()
    }
}

extension ImageConfiguration.History {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "created": created = try json.read()
            case "created_by": createdBy = try json.read()
            case "author": author = try json.read()
            case "comment": comment = try json.read()
            case "empty_layer": emptyLayer = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("created", created)
        json.optional("created_by", createdBy)
        json.optional("author", author)
        json.optional("comment", comment)
        json.optional("empty_layer", emptyLayer)
        json.members(unknownFields)
        json.endObject()
    }
}
