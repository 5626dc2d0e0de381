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
    private let defaults: DefaultRoots
    /// The descriptors that people and pipes read.
    private(set) var output = OutputStream.standardOutput
    let error = OutputStream.standardError
    /// With `--plan`: what the command would have done.
    private(set) var plan: StepPlan?

    init(globals: GlobalFlags, environment: [String: String]) {
        self.globals = globals
        self.environment = environment
        defaults = DefaultRoots(user: geteuid(), environment: environment)
    }

    /// The engine over this session's directories; opening it costs nothing.
    ///
    /// An ordinary user goes on as root of a user namespace: to be called before there are threads.
    ///
    /// - Parameters:
    ///   - showsSteps: whether the command shows the steps it makes, so that they are
    ///   recorded also with `KADE_STEPS=off`.
    ///   - watch: who looks at them while they are made; nil for nobody.
    /// - Returns: the engine.
    /// - Throws: where its directories or programs are not to be found, or no user namespace is to be had.
    func engine(
        showsSteps: Bool = false, to watch: StepWatch? = nil
    ) throws(Problem) -> Engine {
        var configuration = try engineConfiguration()
        configuration.hasPrivateMounts = geteuid() != 0
        configuration.plan = plan
        try configuration.takeStorageDriver { environment[$0] }
        let keepsSteps = try EnvironmentSwitch.isOn("KADE_STEPS", environment["KADE_STEPS"])
        configuration.recordsSteps = keepsSteps || showsSteps
        configuration.watch = watch
        if let lack = try SharedUserNamespace.enter(configuration) { try warn(lack) }
        return Engine(configuration: configuration)
    }

    private func engineConfiguration() throws(Problem) -> EngineConfiguration {
        let programs = try ProgramDirectories()
        let searchPath = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        let (dataRoot, runRoot) = (try dataRoot, try runRoot)
        return EngineConfiguration(
            dataRoot: dataRoot, runRoot: runRoot,
            runtimeProgram: programs.find("kade-runtime", searchPath: searchPath),
            serverProgram: programs.find("kade-server", searchPath: searchPath),
            removalCommand: [
                programs.own.string, "--root", dataRoot.string, "--runroot", runRoot.string,
                "container", "cleanup",
            ],
            searchPath: searchPath.split(separator: ":").map { FilePath(String($0)) },
            helperEnvironment: environment.map { "\($0.key)=\($0.value)" }.sorted(),
            deviceDirectories: (environment["KADE_CDI_SPEC_DIRS"] ?? "/etc/cdi:/var/run/cdi")
                .split(separator: ":").map { FilePath(String($0)) },
            cniDirectory: FilePath(environment["NETCONFPATH"] ?? "/etc/cni/net.d"),
            cniPath: (environment["CNI_PATH"] ?? "/opt/cni/bin:/usr/libexec/cni:/usr/lib/cni")
                .split(separator: ":").map(String.init),
            defaultNetwork: environment["KADE_DEFAULT_NETWORK"] ?? "bridge",
            version: Version.current)
    }

    /// The same session for a command that only says what it would do.
    func planning() -> Session {
        var session = self
        session.plan = StepPlan()
        session.output = .none
        return session
    }

    /// What lasts: `--root`, then KADE_ROOT, then ``DefaultRoots``.
    var dataRoot: FilePath {
        get throws(Problem) {
            if let named = globals.dataRoot ?? variable("KADE_ROOT") {
                return try absolute(named, "--root")
            }
            guard let usual = defaults.data else {
                throw Problem(
                    kind: .invalid, what: "cannot tell where your images and containers are",
                    why: "neither HOME nor XDG_DATA_HOME is set to an absolute path",
                    fix: "set HOME, or name a directory with --root")
            }
            return usual
        }
    }

    /// What ends with the machine: `--runroot`, then KADE_RUNROOT, then ``DefaultRoots``.
    var runRoot: FilePath {
        get throws(Problem) {
            guard let named = globals.runRoot ?? variable("KADE_RUNROOT") else {
                return defaults.run
            }
            return try absolute(named, "--runroot")
        }
    }

    /// A variable's value; an empty one says nothing, as in a shell's `${KADE_ROOT:-…}`.
    private func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A directory that may be named relative to this one; monitors are at home elsewhere.
    private func absolute(_ named: String, _ flag: String) throws(Problem) -> FilePath {
        guard !named.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot use \(flag)", why: "it names no directory",
                fix: "name one, or leave \(flag) out")
        }
        let path = FilePath(named)
        guard path.isRelative else { return path }
        return try explaining(
            "cannot use \(flag) \(named)", fix: "name the directory by its absolute path"
        ) { () throws(SystemCallError) in
            try WorkingDirectory.path().pushing(path).lexicallyNormalized()
        }
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
    /// This program.
    let own: FilePath

    init() throws(Problem) {
        do {
            own = try Link.target(of: "/proc/self/exe")
        } catch {
            throw Problem(
                kind: .unsupported, what: "cannot find Kade's own programs",
                why: "/proc/self/exe: \(error.errno)", fix: "mount /proc", cause: error)
        }
    }

    /// Beside this program, in ../libexec/kade, or in the search path.
    ///
    /// Where it is nowhere, the place beside this program is the answer: whoever needs the program
    /// fails there with its name, and commands that do not need it work.
    func find(_ name: String, searchPath: String) -> FilePath {
        let directory = own.removingLastComponent()
        let beside = directory.appending(name)
        let libexec = directory.removingLastComponent().appending("libexec/kade").appending(name)
        for place in [beside.string, libexec.string, name] {
            if case .found(let program) = lookUpProgram(place, searchPath: searchPath) {
                return program
            }
        }
        return beside
    }
}
