import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// The program `kade-runtime`: runc's command line.
enum RuntimeProgram {
    /// Runs a command.
    ///
    /// - Returns: the exit code: the program's own of `run` and `exec`, else 0, or 1 for an error
    ///   (of `exec` 127 or 126 for a program that is missing or no program, as `docker exec` has it,
    ///   else 255 as runc has it).
    static func run(_ arguments: [String]) -> CInt {
        var log = ProgramLog()
        var failureCode: CInt = 1
        do throws(Problem) {
            let global = try GlobalOptions(arguments)
            log = global.log
            guard let name = global.command else {
                print(Usage.text)
                return 0
            }
            if name == "exec" { failureCode = 255 }
            return try dispatch(name, global)
        } catch {
            log.write(error)
            guard failureCode == 255 else { return failureCode }
            switch error.kind {
            case .commandNotFound: return 127
            case .commandNotExecutable: return 126
            default: return failureCode
            }
        }
    }

    /// What follows the program's name.
    static func arguments() -> [String] {
        var arguments: [String] = []
        var next = CommandLine.unsafeArgv
        while let argument = next.pointee {
            arguments.append(String(cString: argument))
            next += 1
        }
        return Array(arguments.dropFirst())
    }

    private static func dispatch(
        _ name: String, _ global: GlobalOptions
    ) throws(Problem) -> CInt {
        let arguments = global.arguments
        if let first = arguments.first, ["--help", "-help", "-h"].contains(first) {
            print(Usage.text)
            return 0
        }
        switch name {
        case "create": return try CreateCommand.run(arguments, global)
        case "run": return try RunCommand.run(arguments, global)
        case "start": return try StartCommand.run(arguments, global)
        case "exec": return try ExecCommand.run(arguments, global)
        case "kill": return try KillCommand.run(arguments, global)
        case "delete": return try DeleteCommand.run(arguments, global)
        case "state": return try StateCommand.run(arguments, global)
        case "list": return try ListCommand.run(arguments, global)
        case "ps": return try PsCommand.run(arguments, global)
        case "pause": return try PauseCommand.run(arguments, global)
        case "resume": return try PauseCommand.resume(arguments, global)
        case "spec": return try SpecCommand.run(arguments)
        case "info": return try InfoCommand.run(arguments)
        case "features": return try FeaturesCommand.run(arguments)
        case "monitor": return try MonitorEntry.run(arguments)
        case "hold": return try HoldCommand.run(arguments)
        case "leave": return try LeaveCommand.run(arguments)
        case "collect": return try CollectCommand.run(arguments)
        case "update": return try UpdateCommand.run(arguments, global)
        case "mounts": return try MountsCommand.run(arguments, global)
        case "events": return try EventsCommand.run(arguments, global)
        case "checkpoint": return try CheckpointCommand.run(arguments, global)
        case "restore": return try RestoreCommand.run(arguments, global)
        case "help", "h":
            print(Usage.text)
            return 0
        default:
            throw Problem(
                kind: .invalid, what: "no such command: \(name)", why: "it is none of Kade's",
                fix: "see kade-runtime --help")
        }
    }
}

/// The options before the command.
struct GlobalOptions {
    let root: RuntimeRoot
    let log: ProgramLog
    /// Whether systemd makes the cgroups of containers.
    let usesSystemd: Bool
    /// Whether cgroups that the caller may not make are done without (`--rootless`); nil where that
    /// depends on the caller's rights.
    let isRootless: Bool?
    /// CRIU's own path, where it is named.
    let criu: FilePath?
    /// The command's name; nil asks for help.
    let command: String?
    /// What follows the command's name.
    let arguments: [String]

    private static let options: [OptionName] = [
        .value("root"), .value("log"), .value("log-format"), .flag("debug"),
        .flag("systemd-cgroup"), .value("rootless"), .value("criu"), .flag("help", "h"),
        .flag("version", "v"),
    ]

    init(_ arguments: [String]) throws(Problem) {
        let parsed = try ParsedArguments(
            arguments, options: Self.options, stopsAtOperand: true)
        var log = ProgramLog()
        log.path = parsed.value("log").map { FilePath($0) }
        switch parsed.value("log-format") ?? "text" {
        case "text": log.isJSON = false
        case "json": log.isJSON = true
        case let other:
            throw Problem(
                kind: .invalid, what: "invalid log-format: \(other)", why: "it is text or json")
        }
        log.isDetailed = try parsed.has("debug")
        self.log = log
        usesSystemd = try parsed.has("systemd-cgroup")
        criu = parsed.value("criu").map { FilePath($0) }
        isRootless = try Self.isRootless(parsed.value("rootless") ?? "auto")
        root = try Self.root(FilePath(parsed.value("root") ?? Self.defaultRoot()))
        if try parsed.has("version") {
            command = "version"
            self.arguments = []
            print("kade-runtime version \(RuntimeVersion.own)\nspec: \(RuntimeVersion.spec)")
            exit(0)
        }
        command = try parsed.has("help") ? nil : parsed.operands.first
        self.arguments = Array(parsed.operands.dropFirst())
    }

    private static func isRootless(_ text: String) throws(Problem) -> Bool? {
        if text == "auto" { return nil }
        guard let value = ParsedArguments.truth(text) else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --rootless",
                why: "it is true, false or auto")
        }
        return value
    }

    /// A directory by its absolute path: mounts and sockets are found from elsewhere too.
    private static func root(_ path: FilePath) throws(Problem) -> RuntimeRoot {
        if path.isAbsolute { return RuntimeRoot(path: path) }
        return RuntimeRoot(
            path: try explaining("cannot find the working directory") {
                () throws(SystemCallError) in try WorkingDirectory.path().pushing(path)
            })
    }

    /// `/run/kade-runtime`, or the user's own place.
    private static func defaultRoot() -> String {
        guard geteuid() != 0, let directory = getenv("XDG_RUNTIME_DIR") else {
            return "/run/kade-runtime"
        }
        return String(cString: directory) + "/kade-runtime"
    }
}
