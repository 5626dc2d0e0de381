import Foundation
import Linux
import OCI
import SystemPackage
import Testing

/// Descriptors that the runtime hands over and takes.
@Suite(.enabled(if: isRoot)) struct RuntimeHandoverTests {
    @Test(arguments: ["create", "run"])
    func `the pidfd of the first process is sent to a socket`(command: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.write(shell: "sleep 1000")
        let flags = command == "run" ? ["--detach"] : []
        let (text, process) = try bundle.receivingProcess {
            [command] + flags + ["--bundle", bundle.folder.path, "--pidfd-socket", $0, bundle.id]
        }
        #expect(text == "standard")
        #expect(process == (try bundle.state()["pid"]?.int))
    }

    @Test func `exec sends the pidfd of its program`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let file = bundle.folder.at("pid")
        let (text, process) = try bundle.receivingProcess {
            [
                "exec", "--detach", "--pid-file", file, "--pidfd-socket", $0, bundle.id, "sleep",
                "999",
            ]
        }
        #expect(text == "setns")
        #expect(process == Int(try bundle.folder.text("pid")))
    }

    @Test func `nobody who listens is an error before anything is made`() throws {
        let bundle = try RuntimeBundle()
        let outcome = try bundle.run(shell: "true", "--pidfd-socket", "/nothing")
        #expect(outcome.errors.contains("cannot reach the pidfd socket /nothing"))
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `sockets of a service manager are passed on`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.write(shell: "echo $LISTEN_FDS $LISTEN_PID $$; cat <&3; cat <&4")
        try bundle.folder.write("first ", to: "first")
        try bundle.folder.write("second", to: "second")
        let script = """
            cd "$1"; export LISTEN_FDS=2 LISTEN_PID=$$; shift
            exec "$@" 3< first 4< second
            """
        let outcome = try Tool.start(
            ["sh", "-c", script, "sh", bundle.folder.path] + bundle.command
                + ["--root", bundle.root, "run", "--bundle", bundle.folder.path, bundle.id]
        ).wait()
        #expect(outcome.output == "2 1 1\nfirst second", "\(outcome.errors)")
    }

    @Test func `a descriptor that is not open cannot be preserved`() throws {
        let bundle = try RuntimeBundle()
        let outcome = try bundle.run(shell: "true", "--preserve-fds", "200")
        #expect(outcome.errors.contains("and this one is not open"))
    }

    @Test(arguments: [true, false])
    func `the service manager hears that the container is ready`(isDetached: Bool) throws {
        let bundle = try RuntimeBundle()
        // busybox has no program for datagrams to a local socket, but the socket is seen.
        try bundle.write(
            shell: "echo $NOTIFY_SOCKET; while [ -e /run/notify/notify.sock ]; do sleep 0.1; done")
        let address = bundle.folder.at("manager.sock")
        let manager = try UnixSocket.receiver(at: FilePath(address))
        let running = try Tool.start(
            [RuntimeBundle.program, "--root", bundle.root, "run"]
                + (isDetached ? ["--detach"] : [])
                + ["--bundle", bundle.folder.path, bundle.id],
            environment: ["NOTIFY_SOCKET": address])
        let container = FilePath(bundle.root + "/\(bundle.id)/notify/notify.sock")
        for _ in 0..<3000 where !File.exists(container) { usleep(20_000) }
        try UnixSocket.connect(to: container, .datagrams)
            .send(Array("MAINPID=1\nSTATUS=warm\nREADY=1\n".utf8))
        let message = try manager.receiveMessage(upToBytes: 4096)
        let process = isDetached ? bundle.pid : Int(running.process.processIdentifier)
        let expected = "STATUS=warm\nREADY=1\nMAINPID=\(process ?? 0)\n"
        #expect(String(decoding: message.bytes, as: UTF8.self) == expected)
        if isDetached {
            var barrier = try manager.receiveMessage(upToBytes: 4096)
            #expect(barrier.bytes == Array("BARRIER=1".utf8))
            let sent: Bool
            if let pipe = barrier.descriptor.take() {
                _ = consume pipe  // closed, so that the runtime goes on
                sent = true
            } else {
                sent = false
            }
            #expect(sent)
        }
        try Link.remove(container)
        let outcome = try running.wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.output == "/run/notify/notify.sock\n")
    }
}

extension RuntimeBundle {
    /// The first process's number; nil where there is no container.
    fileprivate var pid: Int? { try? state()["pid"]?.int }

    /// Runs a command that sends a pidfd.
    ///
    /// - Parameter arguments: the command's, from the socket's path.
    /// - Returns: what came with the descriptor, and the process that it stands for.
    /// - Throws: when none came.
    fileprivate func receivingProcess(
        _ arguments: (String) -> [String]
    ) throws -> (text: String, process: Int?) {
        let path = folder.at("process.sock")
        let listener = try UnixSocket.listen(at: FilePath(path), .stream, backlog: 1)
        let running = try Tool.start(command + ["--root", root] + arguments(path))
        let connection = try listener.accept()
        var message = try connection.receiveMessage(upToBytes: 100)
        let outcome = try running.wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        guard let descriptor = message.descriptor.take() else {
            throw Tool.Failure(description: "no descriptor came")
        }
        let text = try File.readText(FilePath("/proc/self/fdinfo/\(descriptor.rawValue)"))
        let line = text.split(separator: "\n").first { $0.hasPrefix("Pid:") }
        return (
            String(decoding: message.bytes, as: UTF8.self),
            line.flatMap { Int($0.dropFirst(4).filter(\.isNumber)) }
        )
    }
}
