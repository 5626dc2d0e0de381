import Build

/// What `--list` shows.
enum BakeListing: String {
    case targets, variables
}

/// The flags of `bake` that only it has.
enum BakeFlags {
    static func override(_ text: String) throws(InvalidValue) -> BakeOverride {
        guard let override = BakeOverride(text) else {
            throw InvalidValue("'\(text)' sets nothing", fix: "TARGET.ATTRIBUTE=VALUE")
        }
        return override
    }

    static func listing(_ text: String) throws(InvalidValue) -> BakeListing {
        let word = text.hasPrefix("type=") ? String(text.dropFirst("type=".count)) : text
        guard let listing = BakeListing(rawValue: word) else {
            throw InvalidValue("'\(text)' is nothing to list", fix: "targets or variables")
        }
        return listing
    }
}
