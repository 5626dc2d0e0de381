import Engine

/// What `manifest annotate` and `manifest add` say of the platform of a list's image.
struct ManifestPlatformFlags {
    var given = ManifestService.PlatformChange()

    static var flags: [Flag<ManifestPlatformFlags>] {
        [
            .text("arch", nil, "string", "Set architecture", \.given.architecture),
            .text("os", nil, "string", "Set operating system", \.given.os),
            .list("os-features", nil, "list", "Set operating system feature", \.given.osFeatures),
            .text("os-version", nil, "string", "Set operating system version", \.given.osVersion),
            .text("variant", nil, "string", "Set architecture variant", \.given.variant),
        ]
    }

    /// The change, with each of `--os-features` a list.
    var change: ManifestService.PlatformChange {
        var change = given
        change.osFeatures = given.osFeatures.flatMap { $0.split(separator: ",").map(String.init) }
        return change
    }
}
