import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// The options that `create` and `run` share.
struct CreateOptions {
    let id: String
    let bundle: Bundle
    let consoleSocket: FilePath?
    let pidFile: FilePath?
    let usesPivotRoot: Bool
    let makesKeyring: Bool
    let preservedDescriptors: Int
    /// `--plan`: print what would be done, and do nothing.
    let isPlanOnly: Bool
    /// `--steps`: where the times of the steps go.
    let stepsFile: FilePath?

    static let names: [OptionName] = [
        .value("bundle", "b"), .value("console-socket"), .value("pid-file"), .flag("no-pivot"),
        .flag("no-new-keyring"), .value("preserve-fds"), .flag("plan"), .value("steps"),
        .value("pidfd-socket"),
    ]

    init(_ parsed: ParsedArguments, command: String) throws(Problem) {
        id = try parsed.container(of: command)
        try RuntimeRoot.check(id)
        if parsed.value("pidfd-socket") != nil {
            throw Problem(
                kind: .unsupported, what: "--pidfd-socket",
                why: "this version of Kade does not have it yet")
        }
        consoleSocket = parsed.value("console-socket").map { FilePath($0) }
        pidFile = parsed.value("pid-file").map { FilePath($0) }
        usesPivotRoot = try !parsed.has("no-pivot")
        makesKeyring = try !parsed.has("no-new-keyring")
        isPlanOnly = try parsed.has("plan")
        stepsFile = parsed.value("steps").map { FilePath($0) }
        bundle = try Self.passingListeners(.load(FilePath(parsed.value("bundle") ?? ".")))
        preservedDescriptors = try parsed.preservedDescriptors() + Self.listenerCount()
    }

    /// Checks what the terminal needs, as runc does.
    func checkConsole(isDetached: Bool) throws(Problem) {
        let hasTerminal = bundle.spec.process?.terminal ?? false
        if isDetached, hasTerminal, consoleSocket == nil {
            throw Problem(
                kind: .invalid, what: "cannot allocate tty",
                why: "the runtime detaches, and process.terminal is set without --console-socket",
                fix: "name a socket that takes the terminal")
        }
        if consoleSocket != nil, !(isDetached && hasTerminal) {
            throw Problem(
                kind: .invalid, what: "cannot use console socket",
                why: "the runtime does not detach, or process.terminal is not set",
                fix: "leave --console-socket out")
        }
    }

    /// The library's request.
    func request(in root: RuntimeRoot, isStartedElsewhere: Bool) -> Create.Request {
        var request = Create.Request(
            id: id, bundle: bundle, root: root, isStartedElsewhere: isStartedElsewhere)
        request.usesPivotRoot = usesPivotRoot
        request.makesKeyring = makesKeyring
        request.preservedDescriptors = preservedDescriptors
        request.recordsSteps = stepsFile != nil
        return request
    }

    /// Writes the steps' times, a line of JSON each.
    func write(_ records: [StepRecord]) throws(Problem) {
        guard let stepsFile else { return }
        try explaining("cannot write \(stepsFile)") { () throws(SystemCallError) in
            try OwnedFD.open(
                stepsFile, [.writeOnly, .create, .truncate], permissions: .ownerReadWrite
            ).writeAll(records.flatMap(\.jsonLine))
        }
    }

    /// How many sockets a service manager passes on (sd_listen_fds(3)).
    private static func listenerCount() throws(Problem) -> Int {
        guard let text = getenv("LISTEN_FDS").map({ String(cString: $0) }) else { return 0 }
        guard let count = Int(text) else {
            throw Problem(
                kind: .invalid, what: "cannot pass sockets on",
                why: "LISTEN_FDS is \"\(text)\", which is no number")
        }
        return try ParsedArguments.checkDescriptorCount(count, of: "LISTEN_FDS")
    }

    /// The bundle with `LISTEN_FDS` and `LISTEN_FDNAMES` in the program's environment.
    private static func passingListeners(_ bundle: Bundle) -> Bundle {
        guard getenv("LISTEN_FDS") != nil else { return bundle }
        var spec = bundle.spec
        for name in ["LISTEN_FDS", "LISTEN_FDNAMES"] {
            guard let value = getenv(name) else { continue }
            spec.process?.env.append("\(name)=\(String(cString: value))")
        }
        return Bundle(path: bundle.path, spec: spec, configuration: bundle.configuration)
    }
}

/// Writes a process identifier: a reader sees nothing or the whole number.
func writePIDFile(_ path: FilePath?, _ id: CInt) throws(Problem) {
    guard let path else { return }
    try explaining("cannot write the pid file \(path)") { () throws(SystemCallError) in
        try File.replace(
            path, with: Array("\(id)".utf8), permissions: FilePermissions(rawValue: 0o644),
            lasting: .processExit)
    }
}

/// A program that waits for a terminal: `--console-socket`.
///
/// It is reached before anything is made, so that a wrong path costs nothing.
struct ConsoleSocket: ~Copyable {
    private let socket: OwnedFD

    init(_ path: FilePath) throws(Problem) {
        socket = try explaining(
            "cannot reach the console socket \(path)", fix: "listen on it first"
        ) { () throws(SystemCallError) in try UnixSocket.connect(to: path, .stream) }
    }

    /// Hands the terminal over: its name, and the descriptor as `SCM_RIGHTS`.
    borrowing func send(_ terminal: borrowing OwnedFD) throws(Problem) {
        let raw = terminal.rawValue
        try explaining("cannot hand the terminal over") { () throws(SystemCallError) in
            try socket.send(Array("/dev/ptmx".utf8), descriptors: [raw])
        }
    }
}
