import Foundation

/// A program that a test runs, and what came of it.
struct Tool {
    /// How a program ended and what it said.
    struct Outcome {
        /// The exit code, or 128 and the number of the signal that ended it.
        var exitCode: Int32
        var output: String
        var errors: String

        /// The lines of standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// A program did not do what a test takes for granted.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// A program that goes on while the test does; its output goes to files.
    final class Running {
        let process: Process
        fileprivate let folder: TemporaryFolder

        fileprivate init(process: Process, folder: TemporaryFolder) {
            self.process = process
            self.folder = folder
        }

        /// What it has written to standard output up to now.
        var output: String { (try? folder.text("stdout")) ?? "" }  // not written yet is empty

        /// What it has written to standard error up to now.
        var errors: String { (try? folder.text("stderr")) ?? "" }  // not written yet is empty

        /// Sends a signal.
        func signal(_ number: Int32) { kill(process.processIdentifier, number) }

        /// Waits for the end.
        func wait() throws -> Outcome {
            process.waitUntilExit()
            let status = process.terminationStatus
            return Outcome(
                exitCode: process.terminationReason == .uncaughtSignal ? 128 + status : status,
                output: try folder.text("stdout"), errors: try folder.text("stderr"))
        }
    }

    /// Starts a program that is looked for in `PATH`.
    static func start(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Running {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        // Containers of a test that says nothing else leave the machine's network alone.
        process.environment = ProcessInfo.processInfo.environment
            .merging(["KADE_DEFAULT_NETWORK": "none"]) { $1 }.merging(environment) { $1 }
        let (output, errors) = (
            try folder.handle(forWriting: "stdout"), try folder.handle(forWriting: "stderr")
        )
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Foundation keeps some of the processes that have ended, and crashes where it lists more
        // than a thousand descriptors before it starts one.
        try output.close()
        try errors.close()
        return Running(process: process, folder: folder)
    }

    /// Runs a program to its end.
    static func run(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws -> Outcome {
        try start(arguments, environment: environment).wait()
    }

    /// Runs a program that must succeed.
    @discardableResult
    static func check(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws -> String {
        try check(arguments, environment: environment)
    }

    /// Runs a program that must succeed.
    @discardableResult
    static func check(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let outcome = try start(arguments, environment: environment).wait()
        guard outcome.exitCode == 0 else {
            throw Failure(
                description: "\(arguments.joined(separator: " ")) ended with \(outcome.exitCode): "
                    + outcome.errors + outcome.output)
        }
        return outcome.output
    }
}

/// A directory that vanishes with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/kade-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Tool.Failure(description: "mkdtemp: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try giveAway(path)
    }

    deinit {
        // Best effort: what is left is in /tmp.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a name in the directory.
    func at(_ name: String) -> String { path + "/" + name }

    /// A file's text.
    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: at(name))), as: UTF8.self)
    }

    /// Writes a file, and the directories above it.
    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: at(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        var made = url.path
        while made.count > path.count {
            try giveAway(made)
            made = URL(fileURLWithPath: made).deletingLastPathComponent().path
        }
    }

    /// What a test makes is its user's, when the suites run as an ordinary one.
    func giveAway(_ path: String) throws {
        guard Kade.isOrdinary else { return }
        let id = uid_t(TestUser.id)
        guard chown(path, id, id) == 0 else {
            throw Tool.Failure(
                description: "chown \(path): \(String(cString: strerror(errno)))")
        }
    }

    fileprivate func handle(forWriting name: String) throws -> FileHandle {
        try write("", to: name)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: at(name)))
    }
}

/// The programs of Kade that were built with the tests.
enum BuiltProgram {
    /// The path of a program: in `KADE_TEST_PROGRAMS`, else beside the test's own binary.
    static func path(_ name: String) -> String {
        let folder =
            ProcessInfo.processInfo.environment["KADE_TEST_PROGRAMS"]
            ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().path
        return folder + "/" + name
    }
}
