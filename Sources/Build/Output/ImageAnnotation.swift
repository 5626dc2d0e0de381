package import OCI

/// `--annotation`: a remark in a manifest, in the index, or where the index names a manifest.
package struct ImageAnnotation: Sendable, Equatable {
    /// Where it stands.
    package enum Place: String, Sendable {
        case manifest, index
        case manifestDescriptor = "manifest-descriptor"
    }

    package var place: Place
    /// The one platform whose manifest is meant; nil means all.
    package var platform: Platform?
    package var name: String
    package var value: String

    package init(place: Place, platform: Platform?, name: String, value: String) {
        self.place = place
        self.platform = platform
        self.name = name
        self.value = value
    }
}
