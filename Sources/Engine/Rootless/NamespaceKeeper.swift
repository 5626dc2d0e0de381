import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// The process that keeps a user's namespace: `kade-runtime hold`.
struct NamespaceKeeper {
    let process: CInt
    /// When the kernel made it, in ticks since boot.
    let startTime: UInt64

    /// The keeper that a file names; nil where there is none, or it is gone.
    init?(notedIn note: FilePath) throws(Problem) {
        let text = try explaining("cannot read \(note)") { () throws(SystemCallError) -> String in
            do throws(SystemCallError) {
                return try File.readText(note)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return ""
            }
        }
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let process = CInt(fields[0]), let start = UInt64(fields[1]),
            try Self.startTime(of: process) == start
        else { return nil }
        self.process = process
        startTime = start
    }

    private init(process: CInt, startTime: UInt64) {
        self.process = process
        self.startTime = startTime
    }

    /// Notes the keeper for commands to come.
    func note(in file: FilePath) throws(Problem) {
        try explaining("cannot write \(file)") { () throws(SystemCallError) in
            try File.replace(
                file, with: Array("\(process) \(startTime)\n".utf8),
                permissions: .ownerReadWrite, lasting: .processExit)
        }
    }

    /// Ends a keeper that nobody knows of yet.
    func end() {
        // Best effort: what went wrong before is the error to tell.
        _ = try? kernel("kill", "process \(process)") { kill(process, SIGKILL) }
        _ = try? kernel("waitpid", "process \(process)") { waitpid(process, nil, 0) }
    }

    /// Starts a keeper.
    ///
    /// - Parameters:
    ///   - configuration: names the program.
    ///   - isJoining: it keeps this process's namespace, in the place of one of its own.
    /// - Returns: the keeper, whose namespace has no maps yet if it is its own.
    /// - Throws: why it cannot have one.
    static func start(
        _ configuration: EngineConfiguration, joining isJoining: Bool
    ) throws(Problem) -> NamespaceKeeper {
        let what = "cannot make a pipe to the user namespace's keeper"
        let pipe = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        let program = configuration.runtimeProgram
        let child = try SpawnedProgram(
            program, arguments: [program.string, "hold"] + (isJoining ? [] : ["--new"]),
            environment: [], descriptors: [-1, -1, -1, pipe.writing.rawValue],
            hasOwnSession: true)
        let reading = pipe.keepReading()
        let answer = try explaining(what) { () throws(SystemCallError) in try reading.readAll() }
        guard !answer.isEmpty else {
            guard let start = try startTime(of: child.pid) else {
                throw Problem(
                    kind: .unavailable, what: "cannot make a user namespace",
                    why: "\(program) has ended, or was killed", fix: "look at the kernel's log")
            }
            return NamespaceKeeper(process: child.pid, startTime: start)
        }
        _ = try child.wait()
        throw try Problem(json: answer, from: program.string)
    }

    private static func startTime(of process: CInt) throws(Problem) -> UInt64? {
        try explaining("cannot ask about process \(process)") { () throws(SystemCallError) in
            try processStartTime(process)
        }
    }
}
