import CLinux
import Glibc
package import SystemPackage

/// A program that runs to its end while the caller waits: a hook, `newuidmap(1)`.
package struct ExternalProgram: Sendable {
    package let path: FilePath
    package let arguments: [String]
    package let environment: [String]
    /// Whether the kernel kills it when the caller's process ends before it does
    /// (`PR_SET_PDEATHSIG`); what it has started itself goes on.
    package var endsWithCaller = false

    package init(path: FilePath, arguments: [String], environment: [String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// How a run ended.
    package struct Result: Sendable, Equatable {
        /// The exit status, or nil when it took too long and was killed.
        package let status: ExitStatus?
        /// What it wrote to standard output and error, as far as it is read, without white space around.
        package let text: String
        /// What it wrote to standard error, where that is read apart.
        package let errors: String
    }

    /// Where standard error goes.
    package enum ErrorOutput: Sendable {
        /// Into one text with standard output.
        case joined
        case apart
    }

    /// Runs the program and waits for it.
    ///
    /// - Parameters:
    ///   - input: what it reads from standard input.
    ///   - timeoutInMilliseconds: after which it is killed; nil waits for ever.
    ///   - outputLimitInBytes: how much of its output is read.
    ///   - errors: whether standard error is read apart.
    /// - Returns: a program that cannot be executed exits with 127, with the reason as its text.
    /// - Throws: ``SystemCallError`` when no process or pipe can be made.
    package func run(
        input: [UInt8], timeoutInMilliseconds: CInt?, outputLimitInBytes: Int = 4096,
        errors: ErrorOutput = .joined
    ) throws(SystemCallError) -> Result {
        // Files in memory, not pipes: nobody has to read or write while the program runs.
        let inputFile = try OwnedFD.memory(named: "input")
        try inputFile.writeAll(input)
        try inputFile.seek(toOffsetInBytes: 0)
        let outputFile = try OwnedFD.memory(named: "output")
        let errorFile = try OwnedFD.memory(named: "errors")
        let errorOutput = errors == .apart ? errorFile.rawValue : outputFile.rawValue
        let program = Program(arguments: arguments, environment: environment)
        let caller = getpid()
        switch try clone([], intoCgroup: nil) {
        case .child:
            return become(
                program, of: caller, input: inputFile, output: outputFile, errors: errorOutput)
        case .parent(let process):
            let status = try wait(for: process, timeoutInMilliseconds: timeoutInMilliseconds)
            return Result(
                status: status, text: try Self.text(of: outputFile, outputLimitInBytes),
                errors: try Self.text(of: errorFile, outputLimitInBytes))
        }
    }

    private static func text(
        of file: borrowing OwnedFD, _ limitInBytes: Int
    ) throws(SystemCallError) -> String {
        try file.seek(toOffsetInBytes: 0)
        return trimmed(try file.read(upToBytes: limitInBytes))
    }

    /// Executes the program in the child.
    ///
    /// It never returns; its type lets the caller forget that.
    private func become(
        _ program: borrowing Program, of caller: pid_t, input: borrowing OwnedFD,
        output: borrowing OwnedFD, errors: CInt
    ) -> Result {
        do throws(SystemCallError) {
            if endsWithCaller {
                try setParentDeathSignal(.kill)
                // One that was killed before that sends no signal.
                guard getppid() == caller else { _exit(127) }
            }
            try setSignalMask(0)
            try connectStandardStreams(
                input: input.rawValue, output: output.rawValue, error: errors)
            throw program.execute(at: path)
        } catch {
            // The reader of the exit status sees both; a failing write has no one to be told.
            let text = "\(error.call) \(error.subject): \(error.errno)"
            _ = text.withCString { write(2, $0, strlen($0)) }
            _exit(127)
        }
    }

    private func wait(
        for process: borrowing ChildProcess, timeoutInMilliseconds: CInt?
    ) throws(SystemCallError) -> ExitStatus? {
        if let timeout = timeoutInMilliseconds {
            var entry = pollfd(
                fd: process.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            let ready = try kernel("poll", "process \(process.id)") { poll(&entry, 1, timeout) }
            guard ready > 0 else {
                try process.send(.kill)
                _ = try process.wait()
                return nil
            }
        }
        return try process.wait()
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        let isSpace = { (byte: UInt8) in byte <= 0x20 }
        let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? bytes.endIndex
        return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
    }
}

/// Makes three descriptors standard input, output and error (dup3(2)); they survive `execve(2)`.
///
/// - Parameters:
///   - input: read as descriptor 0. It and the others may be any open descriptors, also 0 to 2.
///   - output: written as descriptor 1.
///   - error: written as descriptor 2.
/// - Throws: ``SystemCallError`` of dup(2).
package func connectStandardStreams(
    input: CInt, output: CInt, error: CInt
) throws(SystemCallError) {
    if input == 0, output == 1, error == 2 { return }
    // Out of the way first, so that no source is overwritten before it is used.
    var copies: [CInt] = []
    for source in [input, output, error] {
        copies.append(
            try kernel("fcntl", "descriptor \(source)") { fcntl(source, F_DUPFD_CLOEXEC, 3) })
    }
    for (target, copy) in copies.enumerated() {
        try kernel("dup2", "descriptor \(target)") { dup2(copy, CInt(target)) }
        close(copy)
    }
}
