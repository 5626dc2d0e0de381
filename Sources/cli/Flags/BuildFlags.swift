import Build
import Engine
import Linux
import SystemPackage

/// `--build-arg NAME=value`, or `NAME` with the value of Kade's own environment.
enum BuildArgumentFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty, !text.hasPrefix("=") else {
            throw InvalidValue("invalid build argument: \(text)", fix: "write NAME=VALUE")
        }
        return text
    }
}

/// `--network` of a build: default, none, host or a network's name.
enum BuildNetworkFlag {
    static func parse(_ text: String) throws(InvalidValue) -> BuildNetwork {
        switch text {
        case "default", "": return .standard
        case "none": return .none
        case "host": return .host
        case let name where name.hasPrefix("container:"):
            throw InvalidValue.unsupported(
                "RUN has no network of another container", fix: "default, none, host or a name")
        case let name: return .named(name)
        }
    }
}

/// `--secret id=NAME[,src=FILE|env=VARIABLE]`.
struct BuildSecretFlag: Equatable {
    var id: String
    /// The file that holds it.
    var file: String?
    /// The variable of Kade's own environment that holds it.
    var variable: String?

    static func parse(_ text: String) throws(InvalidValue) -> BuildSecretFlag {
        var flag = BuildSecretFlag(id: "")
        var type: String?
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw InvalidValue("invalid field '\(field)'") }
            let value = String(parts[1])
            switch parts[0].lowercased() {
            case "id": flag.id = value
            case "src", "source": flag.file = value
            case "env": flag.variable = value
            case "type": type = value
            default: throw InvalidValue("unexpected key '\(parts[0])' in '\(field)'")
            }
        }
        guard !flag.id.isEmpty else { throw InvalidValue("a secret needs an id", fix: "id=NAME") }
        guard type == nil || type == "file" || type == "env" else {
            throw InvalidValue("unsupported secret type '\(type ?? "")'", fix: "file or env")
        }
        if type == "env", flag.variable == nil {
            flag.variable = flag.file ?? flag.id
            flag.file = nil
        }
        return flag
    }
}

/// `--ssh default`, `--ssh NAME=SOCKET`, or `--ssh NAME=KEY,KEY`.
struct BuildAgentFlag: Equatable {
    var id: String
    /// A socket or keys; none is the socket of SSH_AUTH_SOCK.
    var files: [String]

    static func parse(_ text: String) throws(InvalidValue) -> BuildAgentFlag {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = parts.first, !id.isEmpty else {
            throw InvalidValue("invalid SSH agent '\(text)'", fix: "default, or NAME=SOCKET")
        }
        return BuildAgentFlag(
            id: String(id),
            files: parts.dropFirst().flatMap { $0.split(separator: ",").map(String.init) })
    }
}

/// `--build-context NAME=DIRECTORY|docker-image://REFERENCE|oci-layout://DIRECTORY[:TAG|@DIGEST]`,
/// or a repository, or an archive of the web.
enum BuildContextFlag {
    struct Named: Equatable {
        var name: String
        var source: Source
    }

    enum Source: Equatable {
        case ready(NamedContext)
        /// A repository, or an archive of the web.
        case remote(String)
    }

    static func parse(_ text: String) throws(InvalidValue) -> Named {
        let pair = try KeyValueFlag.parse(text)
        return Named(name: NamedContext.name(pair.key), source: try source(pair.value))
    }

    private static func source(_ text: String) throws(InvalidValue) -> Source {
        let (image, layout) = ("docker-image://", "oci-layout://")
        if text.hasPrefix(image) { return .ready(.image(String(text.dropFirst(image.count)))) }
        if text.hasPrefix(layout) {
            return .ready(.layout(Self.layout(text.dropFirst(layout.count))))
        }
        if UnpackedContext.isRemote(text) { return .remote(text) }
        guard !text.hasPrefix("target:") else {
            throw InvalidValue(
                "'\(text)' names a target of a file of bake, and there is none here",
                fix: "a stage of the Dockerfile needs no context: COPY --from=STAGE")
        }
        guard !text.contains("://") else {
            throw InvalidValue.unsupported(
                "this version of Kade has no context '\(text)'",
                fix: "a directory, docker-image://REFERENCE, oci-layout://DIRECTORY, a repository "
                    + "or an archive of the web")
        }
        return .ready(.directory(FilePath(text)))
    }

    /// `DIRECTORY`, `DIRECTORY:TAG` or `DIRECTORY@DIGEST`.
    private static func layout(_ text: Substring) -> NamedContext.LayoutImage {
        if let at = text.lastIndex(of: "@") {
            return .init(
                directory: FilePath(String(text[..<at])),
                name: String(text[text.index(after: at)...]))
        }
        guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else {
            return .init(directory: FilePath(String(text)), name: nil)
        }
        return .init(
            directory: FilePath(String(text[..<colon])),
            name: String(text[text.index(after: colon)...]))
    }
}

/// `--progress`: how a build shows how it goes on.
enum BuildProgress: String {
    case auto, plain, tty, quiet

    static func parse(_ text: String) throws(InvalidValue) -> BuildProgress {
        guard let progress = BuildProgress(rawValue: text) else {
            throw InvalidValue("invalid progress '\(text)'", fix: "auto, plain, tty or quiet")
        }
        return progress
    }
}

/// `--call`: what is to be done with the Dockerfile.
enum BuildCall: Equatable {
    case build
    /// Look at it; as JSON where that is asked for, and with the exit code 0 all the same.
    case check(isJSON: Bool, ignoresStatus: Bool)
    /// Tell what the target can be given.
    case outline(isJSON: Bool)
    /// Tell what the stages are.
    case targets(isJSON: Bool)
    /// Tell what can be asked in this way.
    case describe(isJSON: Bool)

    static func parse(_ text: String) throws(InvalidValue) -> BuildCall {
        var fields = text.split(separator: ",").map(String.init)[...]
        let name = fields.popFirst() ?? "build"
        var (isJSON, ignoresStatus) = (false, false)
        for field in fields {
            let pair = try KeyValueFlag.parse(field)
            switch (pair.key, pair.value) {
            case ("format", "json"): isJSON = true
            case ("format", "text"): isJSON = false
            case ("ignorestatus", let value): ignoresStatus = try BooleanValue.parse(value)
            default: throw InvalidValue("invalid field '\(field)'", fix: "format=json")
            }
        }
        switch name {
        case "build": return .build
        case "check", "lint": return .check(isJSON: isJSON, ignoresStatus: ignoresStatus)
        case "outline": return .outline(isJSON: isJSON)
        case "targets": return .targets(isJSON: isJSON)
        case "subrequests.describe": return .describe(isJSON: isJSON)
        default:
            throw .unsupported(
                "this version of Kade has no call '\(name)'",
                fix: "build, check, outline, targets or subrequests.describe")
        }
    }
}

/// `--pull`, which may say when: always, missing or never.
enum BasePullFlag {
    static func parse(_ text: String) throws(InvalidValue) -> BasePullPolicy {
        switch text.lowercased() {
        // What is newer than the store's shows only when it is asked for.
        case "true", "1", "always", "newer": return .always
        case "false", "0", "missing", "ifnotpresent": return .missing
        case "never": return .never
        default:
            throw InvalidValue("invalid pull policy '\(text)'", fix: "always, missing or never")
        }
    }
}

/// `--no-cache-filter`: names or numbers of stages.
enum StageListFlag {
    static func parse(_ text: String) throws(InvalidValue) -> [String] {
        let names = text.split(separator: ",").map { $0.lowercased() }
        guard !names.isEmpty else { throw InvalidValue("it names no stage") }
        return names
    }
}
