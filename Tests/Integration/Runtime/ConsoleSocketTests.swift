import Foundation
import Linux
import OCI
import SystemPackage
import Testing

/// `--console-socket`: the other side of a program's terminal goes to whoever listens.
@Suite(.enabled(if: isRoot)) struct RuntimeConsoleSocketTests {
    @Test(arguments: RuntimeUnderTest.allCases)
    func `the terminal of a container is sent to a socket`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) {
            $0.process?.terminal = true
            $0.process?.consoleSize = .init(height: 11, width: 22)
        }
        try bundle.write(
            shell: "tty; stty size; test -c /dev/console && echo console; read line; echo got $line"
        )
        let text = try bundle.conversation(answering: "hello\n") {
            ["run", "--detach", "--bundle", bundle.folder.path, "--console-socket", $0, bundle.id]
        }
        // The terminal echoes the line as soon as it comes.
        #expect(
            text.split(whereSeparator: \.isNewline).map(String.init).sorted()
                == ["/dev/pts/0", "11 22", "console", "got hello", "hello"])
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `so is that of exec's program`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let text = try bundle.conversation(answering: "there\n") {
            [
                "exec", "--detach", "--tty", "--console-socket", $0, bundle.id, "sh", "-c",
                "tty; read line; echo got $line",
            ]
        }
        #expect(
            text.split(whereSeparator: \.isNewline).map(String.init).sorted()
                == ["/dev/pts/0", "got there", "there"])
    }

    @Test(arguments: [
        (["--detach"], true, "cannot allocate tty"),
        (["--detach", "--console-socket", "/nothing"], false, "cannot use console socket"),
        (["--console-socket", "/nothing"], true, "cannot use console socket"),
        (
            ["--detach", "--console-socket", "/nothing"], true,
            "cannot reach the console socket /nothing"
        ),
        (
            ["--detach", "--console-socket", "/" + String(repeating: "x", count: 200)], true,
            "cannot reach the console socket /x"
        ),
    ])
    func `without a terminal and one who takes it nothing is made`(
        flags: [String], hasTerminal: Bool, complaint: String
    ) throws {
        let bundle = try RuntimeBundle { $0.process?.terminal = hasTerminal }
        try bundle.write(shell: "true")
        let outcome = try Tool.start(
            bundle.command + ["--root", bundle.root, "run", "--bundle", bundle.folder.path] + flags
                + [bundle.id]
        ).wait()
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
        #expect(try bundle.leftovers().isEmpty)
    }

    /// The path is the caller's, in a directory whose names together are longer than an address.
    @Test func `a socket with a long path is reached`() throws {
        let bundle = try RuntimeBundle { $0.process?.terminal = true }
        let directory = bundle.folder.at(String(repeating: "long/", count: 40))
        try Tool.check("mkdir", "-p", directory)
        try bundle.write(shell: "tty")
        let text = try bundle.conversation(at: directory + "socket", answering: "") {
            ["run", "--detach", "--bundle", bundle.folder.path, "--console-socket", $0, bundle.id]
        }
        #expect(text == "/dev/pts/0\r\n")
    }
}

extension RuntimeBundle {
    /// Runs a command that sends a terminal, and talks over it until the program ends.
    ///
    /// - Parameters:
    ///   - path: where the socket is.
    ///   - answer: what is typed.
    ///   - arguments: the command's, from the socket's path.
    /// - Returns: all that came from the terminal.
    /// - Throws: when none was sent.
    fileprivate func conversation(
        at path: String? = nil, answering answer: String, _ arguments: (String) -> [String]
    ) throws -> String {
        let path = path ?? folder.at("console.sock")
        let listener = try UnixSocket.listen(at: FilePath(path), .stream, backlog: 1)
        let running = try Tool.start(command + ["--root", root] + arguments(path))
        let connection = try listener.accept()
        var message = try connection.receiveMessage(upToBytes: 4096)
        #expect(try running.wait().exitCode == 0)
        guard let terminal = message.descriptor.take() else {
            throw Tool.Failure(description: "no terminal came")
        }
        if !answer.isEmpty { try terminal.writeAll(answer) }
        var bytes: [UInt8] = []
        while let more = try Self.read(from: terminal) { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes next; nil once nobody has the other side open any longer (EIO).
    private static func read(from terminal: borrowing OwnedFD) throws -> [UInt8]? {
        do {
            let bytes = try terminal.read(upToBytes: 4096)
            return bytes.isEmpty ? nil : bytes
        } catch let refusal {
            guard refusal.errno == .ioError else { throw refusal }
            return nil
        }
    }
}
