import Diagnostics
import Engine
import Glibc
import Linux
import SystemPackage

/// What every command is given: where Kade's things are, its environment, and how much to say.
struct Session {
    let globals: GlobalFlags
    /// Kade's own environment.
    let environment: [String: String]
    /// The descriptors that people and pipes read.
    let output = OutputStream.standardOutput
    let error = OutputStream.standardError

    init(globals: GlobalFlags, environment: [String: String]) {
        self.globals = globals
        self.environment = environment
    }

    /// The engine over this session's directories; opening it costs nothing.
    func engine() throws(Problem) -> Engine {
        let programs = try ProgramDirectories()
        let searchPath = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        return Engine(
            configuration: EngineConfiguration(
                dataRoot: dataRoot, runRoot: runRoot,
                runtimeProgram: try programs.find("kade-runtime", searchPath: searchPath),
                serverProgram: try programs.find("kade-server", searchPath: searchPath),
                removalCommand: [
                    try programs.find("kade", searchPath: searchPath).string, "--root",
                    dataRoot.string, "--runroot", runRoot.string, "rm", "--force", "--volumes",
                ],
                searchPath: searchPath.split(separator: ":").map { FilePath(String($0)) },
                helperEnvironment: environment.map { "\($0.key)=\($0.value)" }.sorted(),
                version: Version.current))
    }

    /// What lasts: `--root`, then KADE_ROOT, then /var/lib/kade.
    var dataRoot: FilePath {
        FilePath(globals.dataRoot ?? environment["KADE_ROOT"] ?? "/var/lib/kade")
    }

    /// What ends with the machine: `--runroot`, then KADE_RUNROOT, then /run/kade.
    var runRoot: FilePath {
        FilePath(globals.runRoot ?? environment["KADE_RUNROOT"] ?? "/run/kade")
    }

    /// A sentence that is no error: shown unless the log level is above it.
    func warn(_ text: String) throws(Problem) {
        guard globals.level <= .warn else { return }
        try error.writeLine("WARNING: \(text)")
    }

    /// What only `--debug` shows.
    func debug(_ text: @autoclosure () -> String) throws(Problem) {
        guard globals.level <= .debug else { return }
        try error.writeLine("DEBUG: \(text())")
    }
}

/// Kade's version.
enum Version {
    static let current = "0.1.0"
}

/// Where the sister programs of this one may be.
struct ProgramDirectories {
    private let own: FilePath

    init() throws(Problem) {
        do {
            own = try Link.target(of: "/proc/self/exe").removingLastComponent()
        } catch {
            throw Problem(
                kind: .unsupported, what: "cannot find Kade's own programs",
                why: "/proc/self/exe: \(error.errno)", fix: "mount /proc", cause: error)
        }
    }

    /// Beside this program, in ../libexec/kade, or in the search path.
    func find(_ name: String, searchPath: String) throws(Problem) -> FilePath {
        let libexec = own.removingLastComponent().appending("libexec/kade")
        let searched = searchPath.split(separator: ":").map { FilePath(String($0)) }
        for directory in [own, libexec] + searched {
            let path = directory.appending(name)
            if case .found(let program) = lookUpProgram(path.string, searchPath: "") {
                return program
            }
        }
        throw Problem(
            kind: .notFound, what: "cannot find the program \(name)",
            why: "it is neither in \(own) nor in \(libexec) nor in PATH",
            fix: "install it beside kade (make install does)")
    }
}
