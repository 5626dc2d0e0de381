import Build
import OCI

/// `--output`: where the result goes.
enum BuildOutput: Equatable {
    /// An image of the store.
    case image(ImageOutput)
    /// The files in a directory.
    case directory(DirectoryOutput)
    /// The files as a tar archive; nil is standard output.
    case archive(String?)
    /// The image as an archive or a directory of a format of `save`, and as an image of the store.
    case imageArchive(ImageOutput, format: String, path: String?)

    static func parse(_ text: String) throws(InvalidValue) -> BuildOutput {
        guard text.contains("=") else {
            return text == "-" ? .archive(nil) : .directory(DirectoryOutput(path: text))
        }
        var fields = try BuildFields(text)
        let output = try read(&fields)
        try fields.finish()
        return output
    }

    private static func read(_ fields: inout BuildFields) throws(InvalidValue) -> BuildOutput {
        switch fields.take("type") {
        case "image"?:
            try fields.allow("unpack", "true")
            try fields.allow("store", "true")
            return .image(try ImageOutput(&fields, pushes: fields.takeSwitch("push")))
        case "registry"?: return .image(try ImageOutput(&fields, pushes: true))
        case "local"?: return .directory(try DirectoryOutput(&fields))
        case "tar"?: return .archive(fields.take("dest"))
        case "oci"?:
            // An OCI layout has OCI's types.
            try fields.allow("oci-mediatypes", "true")
            let image = try ImageOutput(&fields, pushes: false)
            guard try fields.take("tar").map(BooleanValue.parse) ?? true else {
                return .imageArchive(image, format: "oci-dir", path: try fields.need("dest"))
            }
            return .imageArchive(image, format: "oci-archive", path: fields.take("dest"))
        case "docker"?:
            let image = try ImageOutput(&fields, pushes: false)
            guard let path = fields.take("dest") else { return .image(image) }
            try fields.allow("tar", "true")
            // Docker's older archive, which all can read, has plain layers alone.
            let isPlain = image.form.encoding == nil
            return .imageArchive(image, format: isPlain ? "docker-archive" : "docker", path: path)
        case let type?:
            throw .unsupported(
                "this version of Kade has no output of type '\(type)'",
                fix: "image, registry, local, tar, oci or docker")
        case nil:
            throw InvalidValue("type is required for output", fix: "type=local,dest=DIRECTORY")
        }
    }
}

/// What becomes of the files in a directory.
struct DirectoryOutput: Equatable {
    var path: String
    /// `mode=delete`: whether what the result does not have goes from there.
    var isExact = false
    /// `platform-split`: whether several platforms have a directory each.
    var splitsPlatforms = true

    init(path: String) { self.path = path }

    init(_ fields: inout BuildFields) throws(InvalidValue) {
        path = try fields.need("dest")
        splitsPlatforms = try fields.take("platform-split").map(BooleanValue.parse) ?? true
        switch fields.take("mode") {
        case "delete"?: isExact = true
        case "copy"?, nil: break
        case let mode?:
            throw .unsupported("this version of Kade has no mode '\(mode)'", fix: "copy or delete")
        }
    }
}

/// What becomes of an image of the store.
struct ImageOutput: Equatable {
    /// Its names, media types and layers.
    var form = ImageForm()
    /// Whether it is pushed under its names.
    var pushes = false
    /// `registry.insecure`: whether the registry may speak http, and show any certificate.
    var isInsecure = false
    /// `rewrite-timestamp`: whether no file is later than the image; nil is as the build does it.
    var rewritesTimes: Bool?

    init() {}

    init(_ fields: inout BuildFields, pushes: Bool) throws(InvalidValue) {
        self.pushes = pushes
        isInsecure = try fields.takeSwitch("registry.insecure")
        form.names = fields.take("name")?.split(separator: ",").map(String.init) ?? []
        let format = try fields.take("compression").map { text throws(InvalidValue) in
            try CompressionFlag.parse(text)
        }
        let level = try fields.take("compression-level").map { text throws(InvalidValue) in
            try NumberValue.parseInt(text)
        }
        let isForced = try fields.takeSwitch("force-compression")
        if format != nil || level != nil || isForced {
            form.encoding = try CompressionFlag.encoding(
                format ?? .gzip, level: level, isForced: isForced)
        }
        form.isDockers = !(try fields.take("oci-mediatypes").map(BooleanValue.parse) ?? true)
        if form.isDockers, let format, !format.isDockers {
            throw InvalidValue(
                "Docker's media types have none for \(format.rawValue)",
                fix: "gzip or uncompressed, or leave oci-mediatypes=false out")
        }
        rewritesTimes = try fields.take("rewrite-timestamp").map(BooleanValue.parse)
        for field in fields.takeAll("annotation") {
            form.annotations += try Self.annotations(field)
        }
    }

    /// `.KEY`, `[PLATFORM].KEY` or `-TYPE[PLATFORM].KEY`, without the word before it.
    private static func annotations(_ field: Label) throws(InvalidValue) -> [ImageAnnotation] {
        let place = field.key.prefix { $0 != "." }
        let key = field.key.dropFirst(place.count + 1)
        let type = place.hasPrefix("-") ? "\(place.dropFirst())" : "manifest\(place)"
        guard !key.isEmpty else { throw InvalidValue("annotation\(field.key) names no annotation") }
        return try AnnotationFlag.parse("\(type):\(key)=\(field.value)")
    }
}

/// `--provenance`, which is `true` or says how much: `mode=max`.
enum ProvenanceFlag {
    static func parse(_ text: String) throws(InvalidValue) -> AttestationRequest.Provenance? {
        switch text {
        case "true", "1", "min", "mode=min": return .min
        case "max", "mode=max": return .max
        case "false", "0": return nil
        default:
            throw .unsupported(
                "this version of Kade has no provenance '\(text)'",
                fix: "true, false, mode=min or mode=max")
        }
    }
}

/// `--sbom`, which is `true` or `false`.
enum PackageListFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Bool {
        guard !text.hasPrefix("generator=") else {
            throw .unsupported("this version of Kade reads the packages itself", fix: "--sbom")
        }
        return try BooleanValue.parse(text)
    }
}

/// `--attest`: `type=provenance[,mode=max]` or `type=sbom`, each with `disabled=true` to take it back.
enum AttestationFlag: Equatable {
    case provenance(AttestationRequest.Provenance?)
    case packages(Bool)

    static func parse(_ text: String) throws(InvalidValue) -> AttestationFlag {
        var fields = try BuildFields(text)
        let type = fields.take("type")
        let isOff = try fields.takeSwitch("disabled")
        let flag: AttestationFlag
        switch type {
        case "provenance"?:
            let mode = try fields.take("mode").map { text throws(InvalidValue) in
                try ProvenanceFlag.parse("mode=\(text)")
            }
            flag = .provenance(isOff ? nil : mode ?? .min)
        case "sbom"?: flag = .packages(!isOff)
        case let type:
            throw .unsupported(
                "this version of Kade has no attestation of type '\(type ?? "")'",
                fix: "provenance or sbom")
        }
        try fields.finish()
        return flag
    }
}

/// `--allow`: `network.host` or `security.insecure`.
enum BuildEntitlementFlag {
    static func parse(_ text: String) throws(InvalidValue) -> BuildEntitlement {
        guard let entitlement = BuildEntitlement(rawValue: text) else {
            throw .unsupported(
                "this version of Kade has no entitlement '\(text)'",
                fix: "network.host or security.insecure")
        }
        return entitlement
    }
}
