import CLinux
import Glibc
package import SystemPackage

/// A small program that gets a few bytes on its standard input and answers on its standard output.
///
/// It is started with `posix_spawn(3)`, which a process with threads may use at any time.
package struct FilterProgram: Sendable {
    /// The program's file.
    package var path: FilePath
    /// Its arguments, without its own name.
    package var arguments: [String]

    /// How a program ended, and what it said.
    package struct Answer: Sendable {
        /// The exit code, or 128 and the number of the signal that ended it.
        package var exitCode: CInt
        /// All of its standard output.
        package var output: [UInt8]
    }

    package init(path: FilePath, arguments: [String]) {
        self.path = path
        self.arguments = arguments
    }

    /// Runs the program to its end; its standard error is this process's.
    ///
    /// - Parameter input: what it reads; a file in memory, so that nobody has to write meanwhile.
    /// - Returns: how it ended, and its output.
    /// - Throws: when the system refuses file, pipe or program.
    package func run(input: [UInt8]) throws(SystemCallError) -> Answer {
        let inputFile = try OwnedFD.memory(named: "input")
        try inputFile.writeAll(input)
        try inputFile.seek(toOffsetInBytes: 0)
        let fromProgram = try Pipe()
        let process = try spawn(
            input: inputFile.rawValue, output: fromProgram.writing.rawValue)
        _ = consume fromProgram.writing
        let output = try fromProgram.reading.readAll()
        var status: CInt = 0
        try kernel("waitpid", path.string) { waitpid(process, &status, 0) }
        let signal = status & 0x7f
        return Answer(exitCode: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: output)
    }

    private func spawn(input: CInt, output: CInt) throws(SystemCallError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv: [UnsafeMutablePointer<CChar>?] = ([path.string] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { argv.forEach { free($0) } }
        var process: pid_t = 0
        let refusal = posix_spawn(&process, path.string, &actions, &attributes, argv, environ)
        guard refusal == 0 else {
            throw SystemCallError(
                call: "posix_spawn", subject: path.string, errno: Errno(rawValue: refusal))
        }
        return process
    }
}
