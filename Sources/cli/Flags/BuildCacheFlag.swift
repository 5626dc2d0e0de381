import Build

/// `--cache-from` and `--cache-to`, as Docker's builder writes them.
enum BuildCacheFlag {
    /// `type=registry,ref=NAME`, `NAME` for the same, or `type=local,src=DIRECTORY`.
    static func parseSource(_ text: String) throws(InvalidValue) -> CachePlace {
        guard text.contains("=") else { return .registry(text) }
        var fields = try BuildFields(text)
        let place: CachePlace
        switch fields.take("type") {
        case "registry"?: place = .registry(try fields.need("ref"))
        case "local"?: place = .local(try fields.need("src"))
        case let type: throw unknown(type)
        }
        try fields.finish()
        return place
    }

    /// `type=registry,ref=NAME[,mode=max]`, `type=local,dest=DIRECTORY[,mode=max]` or `type=inline`.
    static func parseTarget(_ text: String) throws(InvalidValue) -> CacheExport {
        guard text.contains("=") else {
            return CacheExport(.registry(text), includesAllStages: false)
        }
        var fields = try BuildFields(text)
        let place: CachePlace
        switch fields.take("type") {
        case "registry"?: place = .registry(try fields.need("ref"))
        case "local"?: place = .local(try fields.need("dest"))
        case "inline"?: place = .inline
        case let type: throw unknown(type)
        }
        let mode = fields.take("mode") ?? "min"
        guard mode == "min" || (mode == "max" && place != .inline) else {
            throw InvalidValue("invalid mode '\(mode)'", fix: "min or max; inline has min alone")
        }
        // Kade's caches are image manifests with OCI's media types.
        try fields.allow("oci-mediatypes", "true")
        try fields.allow("image-manifest", "true")
        try fields.finish()
        return CacheExport(place, includesAllStages: mode == "max")
    }

    private static func unknown(_ type: String?) -> InvalidValue {
        guard let type else { return InvalidValue("it has no type", fix: "type=registry,ref=NAME") }
        return .unsupported(
            "this version of Kade has no cache of type '\(type)'", fix: "registry, local or inline")
    }
}

/// The `name=value` fields of a flag.
struct BuildFields {
    private var fields: [String: String] = [:]

    init(_ text: String) throws(InvalidValue) {
        for field in try Self.split(text) where !field.isEmpty {
            let pair = try KeyValueFlag.parse(field)
            let name = pair.key.lowercased()
            guard fields.updateValue(pair.value, forKey: name) == nil else {
                throw InvalidValue("'\(name)' is given twice")
            }
        }
    }

    /// What stands between commas; in double quotes a comma is a letter as any other (CSV).
    private static func split(_ text: String) throws(InvalidValue) -> [String] {
        var fields = [""]
        var isQuoted = false
        for letter in text {
            switch letter {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(letter)
            }
        }
        guard !isQuoted else { throw InvalidValue("'\(text)' has no second '\"'") }
        return fields
    }

    /// Takes all fields whose names begin with a word.
    ///
    /// - Returns: their names without it, and their values, sorted by the names.
    mutating func takeAll(_ word: String) -> [Label] {
        let names = fields.keys.filter { $0.hasPrefix(word) }.sorted()
        return names.map { name in
            Label(
                key: String(name.dropFirst(word.count)),
                value: fields.removeValue(forKey: name) ?? "")
        }
    }

    mutating func take(_ name: String) -> String? { fields.removeValue(forKey: name) }

    mutating func need(_ name: String) throws(InvalidValue) -> String {
        guard let value = take(name), !value.isEmpty else {
            throw InvalidValue("it has no \(name)", fix: "\(name)=…")
        }
        return value
    }

    mutating func takeSwitch(_ name: String) throws(InvalidValue) -> Bool {
        try take(name).map(BooleanValue.parse) ?? false
    }

    /// Takes a field that may have the one value that is true of Kade anyway.
    mutating func allow(_ name: String, _ value: String) throws(InvalidValue) {
        guard let given = take(name), given != value else { return }
        throw .unsupported("this version of Kade has no \(name)=\(given)")
    }

    func finish() throws(InvalidValue) {
        guard let name = fields.keys.sorted().first else { return }
        throw .unsupported("this version of Kade has no '\(name)' here")
    }
}
