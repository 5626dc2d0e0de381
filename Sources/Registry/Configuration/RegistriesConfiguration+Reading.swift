package import Diagnostics

extension RegistriesConfiguration {
    /// Adds what a file says; where it says what another one said before, it wins.
    ///
    /// - Throws: `.invalid` that names file and line.
    package mutating func read(_ bytes: [UInt8], named file: String) throws(Problem) {
        let root = TOMLFields(table: try TOMLReader.parse(bytes, named: file), file: file)
        if root.table["registries"] != nil {
            throw root.problem(
                "registries",
                "[registries] is the first version of this file, which nobody reads "
                    + "any more; write unqualified-search-registries and [[registry]]")
        }
        for fields in try root.tables("registry") {
            let registry = try Self.registry(fields)
            registries.removeAll { $0.prefix == registry.prefix }
            registries.append(registry)
        }
        try refuseContradictions(root)
        if let names = try root.strings("unqualified-search-registries") {
            unqualifiedSearchRegistries = []
            for name in names {
                unqualifiedSearchRegistries.append(
                    try Self.location(name, "unqualified-search-registries", root))
            }
        }
        if let helpers = try root.strings("credential-helpers") { credentialHelpers = helpers }
        if let text = try root.string("short-name-mode"), !text.isEmpty {
            guard let mode = ShortNameMode(rawValue: text) else {
                throw root.problem(
                    "short-name-mode", "\"\(text)\" is neither enforcing, permissive nor disabled")
            }
            shortNameMode = mode
        }
        try readAliases(root)
    }

    private mutating func readAliases(_ root: TOMLFields) throws(Problem) {
        guard let fields = try root.table("aliases") else { return }
        for entry in fields.table.entries {
            guard let target = try fields.string(entry.key) else { continue }
            aliases[entry.key] = target.isEmpty ? nil : target  // an empty one takes another back
        }
    }

    private static func registry(_ fields: TOMLFields) throws(Problem) -> Registry {
        let location = try fields.string("location").map { text throws(Problem) in
            try Self.location(text, "location", fields)
        }
        let prefix = try fields.string("prefix").map { text throws(Problem) in
            try Self.location(text, "prefix", fields)
        }
        guard let name = prefix ?? location else {
            throw fields.problem("", "a [[registry]] has neither prefix nor location")
        }
        guard location != nil || name.hasPrefix("*.") else {
            throw fields.problem(
                "prefix", "location is not set, and the prefix is not in the form *.example.com")
        }
        var registry = Registry(prefix: name, location: location)
        registry.isInsecure = try fields.bool("insecure")
        registry.isBlocked = try fields.bool("blocked")
        registry.usesMirrorsByDigestOnly = try fields.bool("mirror-by-digest-only")
        guard try fields.string("pull-from-mirror") == nil else {
            throw fields.problem(
                "pull-from-mirror", "pull-from-mirror belongs into [[registry.mirror]]")
        }
        for mirror in try fields.tables("mirror") {
            registry.mirrors.append(try Self.mirror(mirror, of: registry))
        }
        return registry
    }

    private static func mirror(
        _ fields: TOMLFields, of registry: Registry
    ) throws(Problem) -> Mirror {
        guard let text = try fields.string("location") else {
            throw fields.problem("", "a [[registry.mirror]] has no location")
        }
        var mirror = Mirror(location: try location(text, "location", fields))
        mirror.isInsecure = try fields.bool("insecure")
        if let text = try fields.string("pull-from-mirror"), !text.isEmpty {
            guard let use = Mirror.Use(rawValue: text) else {
                throw fields.problem(
                    "pull-from-mirror", "\"\(text)\" is neither all, digest-only nor tag-only")
            }
            guard !registry.usesMirrorsByDigestOnly else {
                throw fields.problem(
                    "pull-from-mirror",
                    "the registry has mirror-by-digest-only, which goes for all "
                        + "its mirrors")
            }
            mirror.use = use
        }
        return mirror
    }

    /// A host with a namespace or without, as prefixes and locations are.
    private static func location(
        _ text: String, _ key: String, _ fields: TOMLFields
    ) throws(Problem) -> String {
        var text = text[...]
        while text.hasSuffix("/") { text = text.dropLast() }
        guard !text.isEmpty else { throw fields.problem(key, "\"\(key)\" is empty") }
        guard !text.hasPrefix("http://"), !text.hasPrefix("https://") else {
            throw fields.problem(
                key, "\"\(text)\" begins with a scheme, and is only a host and a path")
        }
        return String(text)
    }

    /// One place is not insecure (or blocked) under one prefix and not so under another.
    private func refuseContradictions(_ root: TOMLFields) throws(Problem) {
        for (index, one) in registries.enumerated() {
            for other in registries.dropFirst(index + 1)
            where one.location != nil && one.location == other.location {
                guard one.isInsecure == other.isInsecure, one.isBlocked == other.isBlocked else {
                    let word = one.isInsecure == other.isInsecure ? "blocked" : "insecure"
                    throw root.problem(
                        "registry",
                        "\(one.location ?? "") is \(word) for the prefix "
                            + "\(one.isInsecure || one.isBlocked ? one.prefix : other.prefix) alone"
                    )
                }
            }
        }
    }
}
