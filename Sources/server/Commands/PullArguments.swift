import Diagnostics
import OCI
import SystemPackage

/// What `kade-server pull` is asked to do.
struct PullArguments: Equatable {
    /// The data root.
    var root: FilePath = "/var/lib/kade"
    /// The platform that the user asked for.
    var platform: Platform?
    /// Whether progress is left out.
    var isQuiet = false
    /// Whether certificates are checked and https is a must.
    var verifiesTLS = true
    /// What to pull.
    var reference: ImageReference

    /// Reads the arguments after "pull"; `--flag value` and `--flag=value` mean the same.
    init(parsing arguments: [String]) throws(Problem) {
        var rest = arguments[...]
        var names: [String] = []
        var root: FilePath?
        var platform: Platform?
        var isQuiet = false
        var verifiesTLS = true
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else {
                names.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let (flag, attached) = (parts[0], parts.count == 2 ? parts[1] : nil)
            switch flag {
            case "--root": root = FilePath(try Self.value(of: flag, attached, &rest))
            case "--platform":
                platform = try Platform(parsing: Self.value(of: flag, attached, &rest))
            case "--quiet", "-q": isQuiet = try Self.bool(of: flag, attached)
            case "--tls-verify": verifiesTLS = try Self.bool(of: flag, attached)
            case "--all-tags", "-a":
                throw Problem(
                    kind: .unsupported, what: "cannot pull all tags",
                    why: "Kade pulls one image at a time", fix: "name the tag: NAME:TAG")
            default:
                throw Self.mistake("it does not know the flag \(flag)")
            }
        }
        guard let name = names.first, names.count == 1 else {
            throw Self.mistake("it needs exactly one reference and got \(names.count)")
        }
        reference = try ImageReference(parsing: name)
        self.root = root ?? self.root
        self.platform = platform
        self.isQuiet = isQuiet
        self.verifiesTLS = verifiesTLS
    }

    private static func value(
        of flag: String, _ attached: String?, _ rest: inout ArraySlice<String>
    ) throws(Problem) -> String {
        guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
            throw mistake("the flag \(flag) needs a value")
        }
        return value
    }

    private static func bool(of flag: String, _ attached: String?) throws(Problem) -> Bool {
        switch attached {
        case nil, "true", "1": return true
        case "false", "0": return false
        default: throw mistake("the flag \(flag) is true or false, not '\(attached ?? "")'")
        }
    }

    private static func mistake(_ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot pull", why: why, fix: "see: kade-server --help")
    }
}
