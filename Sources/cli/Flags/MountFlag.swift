import Engine

/// `--mount type=bind,source=…,target=…` (a line of comma-separated values, RFC 4180).
enum MountFlag {
    static func parse(_ text: String) throws(InvalidValue) -> MountRequest {
        var fields = MountFields()
        for field in try CommaSeparatedLine.fields(of: text) { try fields.read(field) }
        guard !fields.target.isEmpty else { throw InvalidValue("target is required") }
        try MountTarget.check(fields.target)
        let kind = try fields.kind()
        // An image is nobody's to change.
        if case .image = kind { fields.isReadOnly = true }
        return MountRequest(kind: kind, target: fields.target, isReadOnly: fields.isReadOnly)
    }
}

/// The fields of a `--mount`, as far as they have been read.
private struct MountFields {
    var type = "volume"
    var source: String?
    var target = ""
    var isReadOnly = false
    var bind = BindRequest(source: "", createsSource: false)
    var volume = VolumeRequest(name: nil)
    var image = ImageMountRequest(image: "")
    var tmpfs = TmpfsRequest()
    /// The first field of each family (`bind-`, `volume-`, `tmpfs-`, `image-`), to refuse mixtures.
    var families: Set<String> = []

    mutating func read(_ field: String) throws(InvalidValue) {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let key = parts[0].lowercased()
        let switches = ["readonly", "ro", "volume-nocopy", "bind-nonrecursive", "bind-create-src"]
        guard parts.count == 2 || switches.contains(key) else {
            throw InvalidValue("invalid field '\(field)' must be a key=value pair")
        }
        let value = parts.count == 2 ? String(parts[1]) : "true"
        for family in ["bind", "volume", "tmpfs", "image"] where key.hasPrefix("\(family)-") {
            families.insert(family)
        }
        switch key {
        case "type": type = value.lowercased()
        case "source", "src": source = value
        case "target", "dst", "destination": target = value
        case "readonly", "ro": isReadOnly = try boolean(key, value)
        case "consistency": break  // a hint for Docker Desktop's shares
        default: try readFamily(key, value, field)
        }
    }

    private mutating func readFamily(
        _ key: String, _ value: String, _ field: String
    ) throws(InvalidValue) {
        switch key {
        case "bind-propagation":
            guard MountPropagation.names.contains(value) else {
                throw InvalidValue("invalid propagation value: \(value)")
            }
            bind.propagation = value
        case "bind-nonrecursive":
            if try boolean(key, value) { bind.recursion = .disabled }
        case "bind-recursive": bind.recursion = try recursion(value)
        case "bind-owner": bind.owner = try BindOwner.check(value)
        case "bind-create-src": bind.createsSource = try boolean(key, value)
        case "volume-nocopy": volume.isCopiedUp = try !boolean(key, value)
        case "volume-subpath": volume.subpath = try subpath(key, value)
        case "volume-owner": volume.owner = try BindOwner.check(value)
        case "volume-driver": volume.driver = value
        case "volume-label":
            let label = try LabelFlag.parse(value)
            volume.labels[label.key] = label.value
        case "volume-opt":
            let option = try VolumeOptionFlag.parse(value)
            volume.options[option.key] = option.value
        case "image-subpath": image.subpath = try subpath(key, value)
        case "tmpfs-size":
            do { tmpfs.sizeInBytes = try ByteSize.parse(value) } catch {
                throw InvalidValue("invalid value for \(key): \(value)", fix: error.fix)
            }
        case "tmpfs-mode":
            guard let mode = UInt32(value, radix: 8), mode <= 0o7777 else {
                throw InvalidValue("invalid value for \(key): \(value)", fix: "octal, as 1777")
            }
            tmpfs.mode = mode
        default: throw InvalidValue("unexpected key '\(key)' in '\(field)'")
        }
    }

    /// A relative path that does not begin by leaving its root.
    private func subpath(_ key: String, _ value: String) throws(InvalidValue) -> String {
        guard !value.isEmpty, !value.hasPrefix("/"),
            !value.split(separator: "/").contains("..")
        else {
            throw InvalidValue(
                "invalid value for \(key): \(value)",
                fix: "a path beneath the root of what is mounted, without a first / and ..")
        }
        return value
    }

    private func boolean(_ key: String, _ value: String) throws(InvalidValue) -> Bool {
        do { return try BooleanValue.parse(value) } catch {
            throw InvalidValue("invalid value for \(key): \(value)", fix: "true or false")
        }
    }

    private func recursion(_ value: String) throws(InvalidValue) -> BindRequest.Recursion {
        guard let recursion = BindRequest.Recursion(rawValue: value) else {
            throw InvalidValue(
                "invalid value for bind-recursive: \(value)",
                fix: "must be \"enabled\", \"disabled\", \"writable\" or \"readonly\"")
        }
        return recursion
    }

    /// What the fields say together.
    func kind() throws(InvalidValue) -> MountRequest.Kind {
        for family in families.sorted() where family != type {
            throw InvalidValue("cannot mix '\(family)-*' options with mount type '\(type)'")
        }
        switch type {
        case "bind":
            guard let source, !source.isEmpty else {
                throw InvalidValue("invalid mount config for type \"bind\": field Source is empty")
            }
            guard source.hasPrefix("/") || source.hasPrefix(".") else {
                throw InvalidValue(
                    "invalid mount config for type \"bind\": invalid mount path: '\(source)' "
                        + "mount path must be absolute")
            }
            if bind.recursion == .readonly {
                guard isReadOnly else {
                    throw InvalidValue("bind-recursive=readonly requires the option readonly")
                }
                guard bind.propagation == "rprivate" else {
                    throw InvalidValue(
                        "bind-recursive=readonly requires bind-propagation=rprivate")
                }
            }
            var request = bind
            request.source = source
            return .bind(request)
        case "volume":
            var request = volume
            request.name = try source.map(VolumeName.check)
            return .volume(request)
        case "image":
            guard let source, !source.isEmpty else {
                throw InvalidValue("invalid mount config for type \"image\": field Source is empty")
            }
            var request = image
            request.image = source
            return .image(request)
        case "tmpfs":
            guard source == nil else {
                throw InvalidValue(
                    "invalid mount config for type \"tmpfs\": field Source must not be specified")
            }
            return .tmpfs(tmpfs)
        default:
            throw InvalidValue.unsupported(
                "this version of Kade does not mount type '\(type)'",
                fix: "bind, volume, tmpfs and image are there")
        }
    }
}

/// One line of comma-separated values, in which quotes protect commas (RFC 4180).
enum CommaSeparatedLine {
    static func fields(of line: String) throws(InvalidValue) -> [String] {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var rest = Substring(line)
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                field.append("\"")
                rest.removeFirst()
            case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
            case "\"": throw InvalidValue("bare \" in non-quoted field in '\(line)'")
            case "," where !isQuoted:
                fields.append(field)
                field = ""
            default: field.append(character)
            }
        }
        guard !isQuoted else { throw InvalidValue("extraneous or missing \" in '\(line)'") }
        return fields + [field]
    }
}
