import Diagnostics
import OCI
import SystemPackage

/// What `kade-server pull` and `kade-server push` are asked to do.
struct TransferArguments: Equatable {
    /// The data root.
    var root: FilePath = "/var/lib/kade"
    /// The platform that the user asked for.
    var platform: Platform?
    /// Whether progress is left out.
    var isQuiet = false
    /// Whether certificates are checked and https is a must.
    var verifiesTLS = true
    /// Whether all that an index names comes.
    var takesAllPlatforms = false
    /// Whether an index is pushed though layers of it are not here.
    var isWhole = false
    /// Whether a pull goes on in the background once containers can use the image.
    var endsEarly = false
    /// Whether a pull tells of manifests and configurations, too.
    var tellsEachPart = false
    /// The one file with credentials to use.
    var authFile: FilePath?
    /// The policy about signatures to use.
    var signaturePolicy: FilePath?
    /// How layers are compressed that go to a registry.
    var encoding = LayerEncoding(.gzip)
    /// Whether all tags of the repository are meant.
    var takesAllTags = false
    /// What to pull or push, as a person types it.
    var name: String

    /// Reads the arguments after the command.
    init(parsing arguments: [String], of command: String) throws(Problem) {
        var reading = FlagReading(arguments, of: command)
        var names: [String] = []
        var root: FilePath?
        var platform: Platform?
        var isQuiet = false
        var verifiesTLS = true
        var takesAllTags = false
        var takesAllPlatforms = false
        var isWhole = false
        var endsEarly = false
        var tellsEachPart = false
        var authFile: FilePath?
        var signaturePolicy: FilePath?
        var encoding = LayerEncoding(.gzip)
        while let argument = reading.next() {
            switch argument {
            case .name(let name): names.append(name)
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag("--platform"):
                platform = try Platform(parsing: reading.value(of: "--platform"))
            case .flag("--quiet"), .flag("-q"): isQuiet = try reading.bool(of: "--quiet")
            case .flag("--tls-verify"): verifiesTLS = try reading.bool(of: "--tls-verify")
            case .flag("--all-platforms"):
                takesAllPlatforms = try reading.bool(of: "--all-platforms")
            case .flag("--whole"): isWhole = try reading.bool(of: "--whole")
            case .flag("--lazy"): endsEarly = try reading.bool(of: "--lazy")
            case .flag("--each-part"): tellsEachPart = try reading.bool(of: "--each-part")
            case .flag("--authfile"): authFile = FilePath(try reading.value(of: "--authfile"))
            case .flag("--signature-policy"):
                signaturePolicy = FilePath(try reading.value(of: "--signature-policy"))
            case .flag("--all-tags"), .flag("-a"): takesAllTags = try reading.bool(of: "--all-tags")
            case .flag(let flag):
                guard try reading.take(flag, into: &encoding) else {
                    throw reading.mistake("it does not know the flag \(flag)")
                }
            }
        }
        try reading.check(encoding)
        guard let name = names.first, names.count == 1 else {
            throw reading.mistake("it needs exactly one reference and got \(names.count)")
        }
        _ = try ImageReference(parsing: name)  // or it is a mistake already
        self.name = name
        self.root = root ?? self.root
        self.platform = platform
        self.isQuiet = isQuiet
        self.verifiesTLS = verifiesTLS
        self.takesAllTags = takesAllTags
        self.takesAllPlatforms = takesAllPlatforms
        self.isWhole = isWhole
        self.endsEarly = endsEarly
        self.tellsEachPart = tellsEachPart
        self.authFile = authFile
        self.signaturePolicy = signaturePolicy
        self.encoding = encoding
    }
}
