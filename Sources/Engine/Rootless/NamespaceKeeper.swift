import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// A process that keeps a namespace of a user's: `kade-runtime hold`.
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
    ///   - options: those of `kade-runtime hold`.
    ///   - descriptors: what become its descriptors 4, 5, ….
    /// - Returns: the keeper; a user namespace of its own has no maps yet.
    /// - Throws: why it cannot keep one.
    static func start(
        _ configuration: EngineConfiguration, _ options: [String], descriptors: [CInt]
    ) throws(Problem) -> NamespaceKeeper {
        let what = "cannot make a pipe to a namespace's keeper"
        let pipe = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        let program = configuration.runtimeProgram
        let child = try SpawnedProgram(
            program, arguments: [program.string, "hold"] + options, environment: [],
            descriptors: [-1, -1, -1, pipe.writing.rawValue] + descriptors, hasOwnSession: true)
        let reading = pipe.keepReading()
        let answer = try explaining(what) { () throws(SystemCallError) in try reading.readAll() }
        guard !answer.isEmpty else {
            guard let start = try startTime(of: child.pid) else {
                throw Problem(
                    kind: .unavailable, what: "cannot keep a namespace",
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
