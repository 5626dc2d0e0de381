import Build
import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// `kade bake`: builds the targets of bake and compose files.
struct BakeCommand: Command {
    var files: [String] = []
    var overrides: [BakeOverride] = []
    var variables: [Label] = []
    var entitlements: [String] = []
    var progress: String?
    var metadataFile: String?
    var list: BakeListing?
    var prints = false
    var checks = false
    var pushes = false
    var loads = false
    var isWithoutCache = false
    var pulls = false
    var provenance: String?
    var packages: String?
    var targets: [String] = []

    static var grammar: Grammar<BakeCommand> {
        Grammar(
            name: "bake", synopsis: "[OPTIONS] [TARGET...]",
            summary: "Build the targets of a file",
            discussion:
                "Files are docker-bake.hcl, docker-bake.json and their .override kin, and"
                + " compose.yaml or docker-compose.yml, unless --file names others. Without a"
                + " target, the group or target default is built, of compose files all services"
                + " with a build. Targets that do not need each other are built side by side;"
                + " with --progress=tty one after the other.",
            flags: flags, operands: .atLeast(0), operandKind: .none,
            assign: { $0.targets = $1 })
    }

    private static var flags: [Flag<BakeCommand>] {
        [
            .list("file", "f", "list", "Build definition files", \.files),
            .list(
                "set", nil, "list", "Override target value (e.g. \"TARGETPATTERN.KEY=VALUE\")",
                \.overrides, BakeFlags.override),
            .list(
                "var", nil, "list", "Set a variable of the files (e.g. \"NAME=VALUE\")",
                \.variables, LabelFlag.parse),
            .switch("print", nil, "Print the targets and build nothing", \.prints),
            .value(
                "list", nil, "string", "List \"targets\" or \"variables\"", \.list,
                BakeFlags.listing),
            .switch("check", nil, "Look the Dockerfiles through and build nothing", \.checks),
            .switch("push", nil, "Push the images under all of their names", \.pushes),
            .switch("load", nil, "Keep the images in the store, whatever the outputs", \.loads),
            .switch("no-cache", nil, "Do not use cache when building the images", \.isWithoutCache),
            .switch("pull", nil, "Always attempt to pull all referenced images", \.pulls),
            .text(
                "progress", nil, "string",
                "Set type of progress output (\"auto\", \"plain\", \"tty\", \"quiet\")", \.progress),
            .text(
                "metadata-file", nil, "string", "Write build results' metadata to a file",
                \.metadataFile),
            .text("provenance", nil, "string", "Attest what the images were made of", \.provenance),
            .text("sbom", nil, "string", "Attest the packages of the images", \.packages),
            .list(
                "allow", nil, "list",
                "Allow the Dockerfiles more (\"network.host\", \"security.insecure\")",
                \.entitlements),
            .unsupported("builder", why: "Kade builds by itself"),
            .unsupported("call", why: "this version of Kade has --check and --print here"),
            .unsupported("debug", nil, nil, why: "this version of Kade has no debugger of builds"),
        ]
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard !loads || !pushes else {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "--load and --push both say where the images go",
                fix: "use --push alone: the store keeps what is pushed")
        }
        let environment = variables.reduce(into: session.environment) { $0[$1.key] = $1.value }
        let file = try BakeFile(
            try sources(), environment: try Self.composeVariables().merging(environment) { $1 })
        if let list {
            let names = list == .targets ? file.targetNames : file.variableNames
            for name in names { try session.output.writeLine(name) }
            return .success
        }
        let plan = try BakePlan(
            file, names: targets, overrides: allOverrides, environment: environment)
        if prints {
            try session.output.writeLine(plan.json.jsonString(.indented(spaces: 2)))
            return .success
        }
        let scratch = try session.engine().steps.makeScratch()
        defer { withExtendedLifetime(scratch) {} }
        var run = BakeRun(
            work: scratch.path, session: session, flags: commonFlags, isCheck: checks,
            isOneByOne: progress == "tty")
        if let status = try run.build(plan.targets) { return ExitCode(rawValue: status) }
        if let metadataFile { try run.writeMetadata(to: metadataFile) }
        return .success
    }

    /// The variables of `.env`, which compose files have beside those of the environment.
    private static func composeVariables() throws(Problem) -> [String: String] {
        let file = FilePath(".env")
        guard File.exists(file) else { return [:] }
        let bytes = try asking("cannot read .env") { () throws(SystemCallError) in
            try File.read(file)
        }
        do throws(InvalidValue) {
            var variables: [String: String] = [:]
            let text = String(decoding: bytes, as: UTF8.self)
            for line in try KeyValueFile.lines(of: text) {
                let parts = line.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                var value = parts.count > 1 ? parts[1].trimmingBlanks() : ""
                if let mark = value.first, mark == "\"" || mark == "'", value.count > 1,
                    value.last == mark
                {
                    value = String(value.dropFirst().dropLast())
                }
                variables[String(parts[0])] = value
            }
            return variables
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot read .env", why: "\(error.why)", fix: error.fix)
        }
    }

    private var allOverrides: [BakeOverride] {
        var all = overrides
        if isWithoutCache { all.append(BakeOverride(all: "no-cache", "true")) }
        if pulls { all.append(BakeOverride(all: "pull", "true")) }
        if loads { all.append(BakeOverride(all: "output", "type=image")) }
        if pushes { all.append(BakeOverride(all: "output", "type=registry")) }
        return all
    }

    private var commonFlags: [String] {
        var flags = entitlements.map { "--allow=\($0)" }
        if let progress { flags.append("--progress=\(progress)") }
        if let provenance { flags.append("--provenance=\(provenance)") }
        if let packages { flags.append("--sbom=\(packages)") }
        return flags
    }

    /// The usual files that are there.
    private static let usual = [
        "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
        "docker-bake.json", "docker-bake.hcl", "docker-bake.override.json",
        "docker-bake.override.hcl",
    ]

    private func sources() throws(Problem) -> [BakeFile.Source] {
        let names = files.isEmpty ? Self.usual.filter { File.exists(FilePath($0)) } : files
        guard !names.isEmpty else {
            throw Problem(
                kind: .notFound, what: "cannot bake",
                why: "there is no docker-bake.hcl and no compose.yaml here",
                fix: "name a file: kade bake -f FILE")
        }
        return try names.map { name throws(Problem) in
            if name == "-" {
                return .init(name: "standard input", text: try StandardInput().readAll())
            }
            do throws(SystemCallError) {
                return .init(name: name, text: try File.read(FilePath(name)))
            } catch {
                throw Problem(
                    kind: .notFound, what: "cannot read \(name)", why: "\(error.errno)",
                    fix: error.fixOfNamedFile, cause: error)
            }
        }
    }
}
