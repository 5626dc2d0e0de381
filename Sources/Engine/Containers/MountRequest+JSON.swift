import Diagnostics
import OCI

/// Mounts in the words of Docker's API: `HostConfig`'s Binds, Mounts and Tmpfs, `Config`'s Volumes.
extension MountRequest {
    /// Reads the mounts of a container, which stand in four places.
    static func list(config: JSONValue, host: JSONValue) throws(Problem) -> [MountRequest] {
        var mounts: [MountRequest] = []
        for text in host["Binds"]?.stringList ?? [] { mounts.append(try MountRequest(bind: text)) }
        for json in host["Mounts"]?.array ?? [] { mounts.append(MountRequest(json: json)) }
        for member in host["Tmpfs"]?.object?.members ?? [] {
            var tmpfs = TmpfsRequest()
            let options = (member.value.string ?? "").split(separator: ",").map(String.init)
            tmpfs.options = options.filter { $0 != "ro" }
            mounts.append(
                MountRequest(
                    kind: .tmpfs(tmpfs), target: member.name, isReadOnly: options.contains("ro")))
        }
        for member in config["Volumes"]?.object?.members ?? [] {
            mounts.append(.anonymousVolume(at: member.name))
        }
        return mounts
    }

    /// A volume without a name, as `-v TARGET` and an image's `VOLUME` make it.
    package static func anonymousVolume(at target: String) -> MountRequest {
        MountRequest(kind: .volume(VolumeRequest(name: nil)), target: target, isReadOnly: false)
    }

    /// Whether `-v TARGET` says it all: `Config.Volumes` in Docker.
    var isPlainAnonymousVolume: Bool {
        kind == .volume(VolumeRequest(name: nil)) && !isReadOnly
    }

    /// Whether it stands in another place than `HostConfig.Mounts`.
    var hasShortForm: Bool {
        if case .tmpfs(let tmpfs) = kind { return tmpfs.isShort }
        return bindText != nil || isPlainAnonymousVolume
    }

    /// The mount as `-v` would say it, or nil where it takes another form.
    var bindText: String? {
        switch kind {
        case .bind(let bind) where bind.createsSource && bind.recursion == .enabled:
            var options = [isReadOnly ? "ro" : "rw"]
            if let propagation = bind.propagation { options.append(propagation) }
            if let owner = bind.owner { options.append("owner=\(owner)") }
            if bind.isOverlaid { options.append("O") }
            return "\(bind.source):\(target):\(options.joined(separator: ","))"
        case .volume(let volume):
            guard let name = volume.name else { return nil }
            var plain = VolumeRequest(name: name)
            plain.owner = volume.owner
            guard volume == plain else { return nil }
            let options = (isReadOnly ? ["ro"] : []) + (volume.owner.map { ["owner=\($0)"] } ?? [])
            return ([name, target] + (options.isEmpty ? [] : [options.joined(separator: ",")]))
                .joined(separator: ":")
        case .bind, .tmpfs, .image: return nil
        }
    }

    /// Reads `source:target[:options]`; a source without a slash is a volume.
    private init(bind text: String) throws(Problem) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2 else {
            throw Problem(
                kind: .corrupt, what: "cannot read bind \(text)", why: "it has no target")
        }
        let options = parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : []
        let owner = options.first { $0.hasPrefix("owner=") }.map { String($0.dropFirst(6)) }
        let source = String(parts[0])
        let kind: Kind
        if source.hasPrefix("/") {
            var bind = BindRequest(source: source, createsSource: true)
            bind.owner = owner
            bind.isOverlaid = options.contains("O")
            bind.propagation = options.first { option in
                !["ro", "rw", "O"].contains(option) && !option.hasPrefix("owner=")
            }
            kind = .bind(bind)
        } else {
            var volume = VolumeRequest(name: source)
            volume.owner = owner
            kind = .volume(volume)
        }
        self.init(kind: kind, target: String(parts[1]), isReadOnly: options.contains("ro"))
    }

    /// The mount as `--mount` would say it.
    var mountJSON: JSONValue {
        var json = JSONObject()
        switch kind {
        case .bind(let bind):
            json.append("Type", "bind")
            json.append("Source", .string(bind.source))
            json.append("BindOptions", bind.options)
        case .volume(let volume):
            json.append("Type", "volume")
            if let name = volume.name { json.append("Source", .string(name)) }
            json.append("VolumeOptions", volume.json)
        case .tmpfs(let tmpfs):
            json.append("Type", "tmpfs")
            json.append("TmpfsOptions", tmpfs.json)
        case .image(let image):
            json.append("Type", "image")
            json.append("Source", .string(image.image))
            if let subpath = image.subpath {
                json.append("ImageOptions", ["Subpath": .string(subpath)])
            }
        }
        json.append("Target", .string(target))
        if isReadOnly { json.append("ReadOnly", true) }
        return .object(json)
    }

    /// Reads what ``mountJSON`` wrote.
    init(json: JSONValue) {
        let kind: Kind
        switch json.text("Type") {
        case "bind": kind = .bind(BindRequest(json: json))
        case "tmpfs": kind = .tmpfs(TmpfsRequest(json: json["TmpfsOptions"] ?? [:]))
        case "image":
            var image = ImageMountRequest(image: json.text("Source") ?? "")
            image.subpath = json["ImageOptions"]?.text("Subpath")
            kind = .image(image)
        default: kind = .volume(VolumeRequest(json: json))
        }
        self.init(
            kind: kind, target: json.text("Target") ?? "", isReadOnly: json.flag("ReadOnly"))
    }
}

extension BindRequest {
    fileprivate init(json: JSONValue) {
        let options = json["BindOptions"] ?? [:]
        self.init(
            source: json.text("Source") ?? "", createsSource: options.flag("CreateMountpoint"))
        propagation = options.text("Propagation")
        owner = options.text("Owner")
        isOverlaid = options.flag("Overlay")
        if options.flag("NonRecursive") { recursion = .disabled }
        if options.flag("ReadOnlyNonRecursive") { recursion = .writable }
        if options.flag("ReadOnlyForceRecursive") { recursion = .readonly }
    }

    /// Docker's `BindOptions`.
    fileprivate var options: JSONValue {
        var options = JSONObject()
        if let propagation { options["Propagation"] = .string(propagation) }
        switch recursion {
        case .enabled: break
        case .disabled: options["NonRecursive"] = true
        case .writable: options["ReadOnlyNonRecursive"] = true
        case .readonly: options["ReadOnlyForceRecursive"] = true
        }
        if createsSource { options["CreateMountpoint"] = true }
        if let owner { options["Owner"] = .string(owner) }
        if isOverlaid { options["Overlay"] = true }
        return .object(options)
    }
}

extension VolumeRequest {
    fileprivate init(json: JSONValue) {
        self.init(name: json.text("Source"))
        let options = json["VolumeOptions"] ?? [:]
        isCopiedUp = !options.flag("NoCopy")
        subpath = options.text("Subpath")
        owner = options.text("Owner")
        labels = options["Labels"]?.stringMap ?? [:]
        driver = options["DriverConfig"]?.text("Name")
        self.options = options["DriverConfig"]?["Options"]?.stringMap ?? [:]
    }

    /// Docker's `VolumeOptions`.
    fileprivate var json: JSONValue {
        var json = JSONObject()
        if !isCopiedUp { json["NoCopy"] = true }
        if !labels.isEmpty { json["Labels"] = .map(labels) }
        if driver != nil || !options.isEmpty {
            json["DriverConfig"] = [
                "Name": .string(driver ?? ""), "Options": .map(options),
            ]
        }
        if let subpath { json["Subpath"] = .string(subpath) }
        if let owner { json["Owner"] = .string(owner) }
        return .object(json)
    }
}

extension TmpfsRequest {
    fileprivate init(json: JSONValue) {
        self.init()
        sizeInBytes = json["SizeBytes"]?.number?.integer()
        mode = json["Mode"]?.number?.integer()
        options = (json["Options"]?.array ?? []).map {
            ($0.stringList ?? []).joined(separator: "=")
        }
    }

    /// Docker's `TmpfsOptions`.
    fileprivate var json: JSONValue {
        var json = JSONObject()
        if let sizeInBytes { json["SizeBytes"] = .integer(sizeInBytes) }
        if let mode { json["Mode"] = .integer(mode) }
        if !options.isEmpty { json["Options"] = .array(options.map { .strings([$0]) }) }
        return .object(json)
    }

    /// Whether `--tmpfs` can say it: `HostConfig.Tmpfs` in Docker.
    var isShort: Bool { sizeInBytes == nil && mode == nil }

    func optionText(isReadOnly: Bool) -> String {
        (options + (isReadOnly ? ["ro"] : [])).joined(separator: ",")
    }
}
