import Foundation
import Linux
import SystemPackage
import Testing

/// What a service manager passes on to a container, and hears of it.
@Suite struct ServiceManagerTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox()
        folder = try TemporaryFolder()
        try folder.write("first ", to: "first")
        try folder.write("second", to: "second")
    }

    /// Runs a command with `first` and `second` as descriptors 3 and 5.
    private func call(
        _ arguments: [String], variables: String = "", _ environment: [String: String] = [:]
    ) throws -> Tool.Outcome {
        let script = "cd \"$1\"; shift; \(variables) exec \"$@\" 3< first 5< second"
        return try Tool.start(
            ["sh", "-c", script, "sh", folder.path] + kade.commandLine(arguments),
            environment: kade.environment.merging(environment) { $1 }
        ).wait()
    }

    @Test func `descriptors are passed on under their numbers, and no others`() throws {
        let flags = ["--preserve-fds", "1", "--preserve-fd", "5"]
        let outcome = try call(
            ["run", "--rm"] + flags + ["busybox", "sh", "-c"] + [
                "cat <&3; cat <&5; echo; ls /proc/self/fd"
            ])
        // 4 is what ls has open itself.
        #expect(outcome.output == "first second\n0\n1\n2\n3\n4\n5\n", "\(outcome)")
        let plain = try call(["run", "--rm", "busybox", "ls", "/proc/self/fd"])
        #expect(plain.output == "0\n1\n2\n3\n", "\(plain)")
    }

    @Test func `so they are to a further process, whether somebody waits for it or not`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        let flags = ["--preserve-fds", "1", "--preserve-fd", "5"]
        let shell = "cat <&3; cat <&5; echo; ls /proc/self/fd"
        let outcome = try call(["exec"] + flags + ["one", "sh", "-c", shell])
        #expect(outcome.output == "first second\n0\n1\n2\n3\n4\n5\n", "\(outcome)")
        let plain = try call(["exec", "one", "ls", "/proc/self/fd"])
        #expect(plain.output == "0\n1\n2\n3\n", "\(plain)")
        let terminal = try call(["exec", "-t"] + flags + ["one", "sh", "-c", shell])
        #expect(terminal.output.hasPrefix("first second"), "\(terminal)")
        let detached = try call(
            ["exec", "-d"] + flags + ["one", "sh", "-c", "cat <&5 >/five; mv /five /done"])
        #expect(detached.exitCode == 0, "\(detached)")
        try kade.wait { try kade("exec", "one", "cat", "/done").output == "second" }
        let plan = try call(["exec", "--plan"] + flags + ["one", "true"])
        #expect(plan.exitCode == 0, "\(plan)")
        let refused = try kade("exec", "--preserve-fds", "90", "one", "true")
        #expect(refused.exitCode == 125 || refused.exitCode == 1, "\(refused)")
        #expect(refused.errors.contains("and it is not open"), "\(refused)")
    }

    @Test func `a further process's end of a pipe is the only one`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        let script = """
            mkfifo "$1"; cat "$1" & reader=$!; exec 4>"$1"; shift
            "$@" 3>&4 4>&- & exec 4>&-; wait $reader; echo over; wait
            """
        let outcome = try Tool.start(
            ["bash", "-c", script, "bash", folder.at("fifo")]
                + kade.commandLine([
                    "exec", "--preserve-fds", "1", "one", "sh", "-c",
                    "echo written >&3; exec 3>&-; until [ -e /go ]; do sleep 0.1; done",
                ]), environment: kade.environment)
        defer { outcome.signal(SIGKILL) }
        try kade.wait { outcome.output.contains("written\nover\n") }
        try kade.check("exec", "one", "touch", "/go")
    }

    @Test func `a high number is passed on under the usual limit`() throws {
        let script = "ulimit -n 1024; exec 900< \"$1\"; shift; exec \"$@\""
        let outcome = try Tool.start(
            ["bash", "-c", script, "bash", folder.at("first")]
                + kade.commandLine([
                    "run", "--rm", "--preserve-fd", "900", "busybox", "cat", "/proc/self/fd/900",
                ]), environment: kade.environment
        ).wait()
        #expect(outcome.output == "first ", "\(outcome)")
    }

    @Test func `sockets of a service manager come with LISTEN_FDS`() throws {
        let shell = "echo $LISTEN_FDS $LISTEN_FDNAMES $LISTEN_PID $$; cat <&3"
        let names = ["LISTEN_FDNAMES": "web"]
        let outcome = try call(
            ["run", "--rm", "busybox", "sh", "-c", shell],
            variables: "export LISTEN_FDS=1 LISTEN_PID=$$;", names)
        #expect(outcome.output == "1 web 1 1\nfirst ", "\(outcome)")
    }

    @Test func `the program's end of a pipe is the only one`() throws {
        let script = """
            mkfifo "$1"; cat "$1" & exec 3>"$1"; shift
            "$@"; exec 3>&-; wait
            """
        let started = Date()
        let outcome = try Tool.start(
            ["sh", "-c", script, "sh", folder.at("fifo")]
                + kade.commandLine([
                    "run", "-d", "--name", "long", "--preserve-fds", "1", "busybox", "sh", "-c",
                    "echo written >&3; exec 3>&-; sleep 600",
                ]), environment: kade.environment
        ).wait()
        #expect(outcome.lines.last == "written" || outcome.lines.first == "written", "\(outcome)")
        #expect(Date().timeIntervalSince(started) < 300)
        // The command that had them is gone.
        let again = try kade("restart", "-t", "0", "long")
        #expect(again.exitCode == 1 && again.errors.contains("--preserve-fds"), "\(again)")
        #expect(try kade.inspect("long", "{{.State.Running}}") == "true")
        try kade.check("stop", "-t", "0", "long")
        #expect(try kade("start", "long").errors.contains("make it anew"))
    }

    @Test func `a run that nobody foresaw gets no files of the monitor in their place`() throws {
        let shell = "until [ -e /go ]; do sleep 0.1; done; exit 1"
        let outcome = try call(
            ["run", "-d", "--name", "one", "--preserve-fds", "1", "busybox", "sh", "-c", shell])
        #expect(outcome.exitCode == 0, "\(outcome)")
        try kade.check("update", "--restart", "always", "one")
        try kade("exec", "one", "touch", "/go")  // which the container's end may interrupt
        try kade.wait {
            try kade.inspect("one", "{{.State.Error}}").contains("--preserve-fds")
        }
        #expect(try kade.inspect("one", "{{.State.Running}}") == "false")
    }

    @Test func `what is not open, and what create is asked for, is refused`() throws {
        let outcome = try kade("run", "--rm", "--preserve-fds", "90", "busybox", "true")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("and it is not open"), "\(outcome)")
        #expect(try kade("create", "--preserve-fds", "1", "busybox", "true").exitCode == 125)
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `the program says that it is ready, and the monitor is the service`() throws {
        let manager = try Manager(folder)
        let id = try manager.run(kade, "busybox", "sh", "-c", "echo $NOTIFY_SOCKET; sleep 600")
        let monitor = try manager.text()
        #expect(monitor.hasPrefix("MAINPID=") && !monitor.contains("READY"))
        try kade.wait { try kade.check("logs", id) == "/run/notify/notify.sock" }
        let inside = kade.runRoot + "/runtime/\(id)/notify/notify.sock"
        try UnixSocket.connect(to: FilePath(inside), .datagrams)
            .send(Array("MAINPID=1\nSTATUS=warm\nREADY=1\n".utf8))
        #expect(try manager.text() == "STATUS=warm\nREADY=1\n" + monitor)
        #expect(try kade.check("diff", id).isEmpty)
    }

    @Test(arguments: ["conmon", "healthy"])
    func `the monitor says that it is ready`(mode: String) throws {
        let manager = try Manager(folder)
        let check = mode == "healthy" ? ["--health-cmd", "true", "--health-interval", "1s"] : []
        try manager.run(kade, ["--sdnotify", mode] + check + ["busybox", "sleep", "600"])
        let first = try manager.text()
        #expect(first.hasPrefix("MAINPID="))
        #expect(first.contains("READY=1\n") == (mode == "conmon"), "\(first)")
        if mode == "healthy" { #expect(try manager.text() == "READY=1\n") }
    }

    @Test func `a manager that is gone is no reason to end the container`() throws {
        let id = try runBeyondManager("busybox", "sleep", "600")
        try program(of: id).send(Array("STATUS=warm\n".utf8))
        try kade.wait {
            try kade.inspect(id, "{{.State.Status}}: {{.State.Error}}")
                .hasPrefix("running: cannot relay to the service manager")
        }
    }

    @Test func `a program that says more than its manager reads can be stopped`() throws {
        let manager = try Manager(folder)
        let id = try manager.run(kade, "busybox", "sleep", "600")
        let socket = try program(of: id)
        // Until the manager's queue is full, and then the container's.
        try fill(socket)
        // What waits is passed on when the manager reads again.
        #expect(try manager.text().hasPrefix("MAINPID="))
        for _ in 0..<15 { #expect(try manager.text() == "STATUS=warm\n") }
        try fill(socket)
        try kade.check("stop", "-t", "0", id)
        #expect(try kade.inspect(id, "{{.State.Status}}") == "exited")
    }

    /// Says something until nobody has taken it for three seconds.
    private func fill(_ socket: borrowing OwnedFD) throws {
        for _ in 0..<100_000 {
            let isReady = try !Poll.wait(
                for: [socket.rawValue], .writable, milliseconds: 3000)[0].isEmpty
            guard isReady else { return }
            _ = try socket.sendIfReady(Array("STATUS=warm\n".utf8))
        }
        throw Tool.Failure(description: "what the manager does not read is thrown away")
    }

    /// Runs a container whose manager goes when it has heard of the start.
    private func runBeyondManager(_ arguments: String...) throws -> String {
        let manager = try Manager(folder)
        let id = try manager.run(kade, arguments)
        _ = try manager.text()
        return id
    }

    /// A socket that says what a container's program could say.
    private func program(of id: String) throws -> OwnedFD {
        try UnixSocket.connect(
            to: FilePath(kade.runRoot + "/runtime/\(id)/notify/notify.sock"), .datagrams)
    }

    @Test func `nobody is told where that is not wanted`() throws {
        let manager = try Manager(folder)
        try manager.run(kade, "--sdnotify", "ignore", "busybox", "sleep", "600")
        let isEmpty = try Poll.wait(
            for: [manager.receiver.rawValue], .readable, milliseconds: 300)[0].isEmpty
        #expect(isEmpty)
        let refused = try kade("run", "--rm", "--sdnotify", "healthy", "busybox", "true")
        #expect(refused.exitCode == 125 && refused.errors.contains("requires a healthcheck"))
    }

    /// A service manager that listens.
    final class Manager {
        let receiver: OwnedFD
        let address: String

        init(_ folder: TemporaryFolder) throws {
            address = folder.at("manager.sock")
            receiver = try UnixSocket.receiver(at: FilePath(address))
            try folder.giveAway(address)
        }

        /// The next message.
        func text() throws -> String {
            let isThere = try !Poll.wait(
                for: [receiver.rawValue], .readable, milliseconds: 60_000)[0].isEmpty
            guard isThere else { throw Tool.Failure(description: "no message came") }
            return String(
                decoding: try receiver.receiveMessage(upToBytes: 4096).bytes, as: UTF8.self)
        }

        /// Runs a container in the background, and returns its ID.
        @discardableResult
        func run(_ kade: Kade, _ arguments: String...) throws -> String {
            try run(kade, arguments)
        }

        @discardableResult
        func run(_ kade: Kade, _ arguments: [String]) throws -> String {
            let outcome = try Tool.start(
                kade.commandLine(["run", "-d"] + arguments),
                environment: kade.environment.merging(["NOTIFY_SOCKET": address]) { $1 }
            ).wait()
            #expect(outcome.exitCode == 0, "\(outcome)")
            return outcome.lines.first ?? ""
        }
    }
}
