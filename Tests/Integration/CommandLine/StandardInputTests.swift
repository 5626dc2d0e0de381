import Foundation
import Testing

/// Commands that read standard input, where nobody can open it by a name.
@Suite(.enabled(if: isRoot)) struct StandardInputTests {
    /// Sends a file to a program through a socket: `open(2)` of one fails with ENXIO.
    private static let bySocket = """
        import socket, subprocess, sys
        ours, theirs = socket.socketpair()
        program = subprocess.Popen(sys.argv[2:], stdin=theirs)
        theirs.close()
        ours.sendall(open(sys.argv[1], "rb").read())
        ours.close()
        sys.exit(program.wait())
        """

    /// How a file gets to standard input: as a socket, and through a pipe of root's, which an ordinary
    /// user may not open.
    enum Way: CaseIterable {
        case socket, pipeOfRoot

        func command(_ file: String) -> [String] {
            switch self {
            case .socket: ["python3", "-c", StandardInputTests.bySocket, file]
            case .pipeOfRoot: ["sh", "-c", "file=$1; shift; cat \"$file\" | \"$@\"", "sh", file]
            }
        }
    }

    @Test(arguments: Way.allCases)
    func `archives, secrets and files are read from it`(way: Way) throws {
        let kade = try Kade.withBusybox(as: way == .pipeOfRoot ? TestUser() : nil)
        let folder = try TemporaryFolder()
        try Tool.check("chmod", "755", folder.path)
        func send(_ file: String, _ words: String...) throws -> String {
            let outcome = try Tool.start(
                way.command(file) + kade.commandLine(words), environment: kade.environment
            ).wait()
            #expect(outcome.exitCode == 0, "\(words): \(outcome)")
            return outcome.output.trimmingCharacters(in: .newlines)
        }
        let saved = kade.folder.at("saved.tar")
        try kade.check("save", "-o", saved, "busybox")
        try kade.check("rmi", "busybox")
        #expect(try send(saved, "load") == "Loaded image: busybox:latest")
        _ = try send(try Kade.busyboxArchive.get(), "import", "-", "again")
        #expect(try kade.check("run", "--rm", "again", "echo", "runs") == "runs")

        try folder.write("of the test", to: "tree/file")
        try Tool.check("tar", "-C", folder.at("tree"), "-cf", folder.at("tree.tar"), "file")
        try kade.check("volume", "create", "data")
        _ = try send(folder.at("tree.tar"), "volume", "import", "data", "-")
        _ = try send(folder.at("tree/file"), "secret", "create", "word", "-")
        try kade.check(
            "create", "--name", "one", "-v", "data:/data", "--secret", "word", "busybox", "cat",
            "/data/file", "/run/secrets/word", "/tmp/file")
        _ = try send(folder.at("tree.tar"), "cp", "-", "one:/tmp")
        #expect(
            try kade.check("start", "-a", "one") == String(repeating: "of the test", count: 3))
    }

    @Test func `a file whose name begins with a dash is no flag, and no standard input`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("save", "-o", kade.folder.at("-"), "busybox")
        try kade.check("rmi", "busybox")
        let outcome = try Tool.start(
            kade.commandLine(in: kade.folder.path, ["load", "-i", "-"]),
            environment: kade.environment
        ).wait()
        #expect(outcome.output == "Loaded image: busybox:latest\n", "\(outcome)")
    }
}
