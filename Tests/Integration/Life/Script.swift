import Foundation

extension Tool {
    /// Runs a program as a terminal's foreground program: 33 rows, 101 columns.
    ///
    /// - Parameters:
    ///   - steps: pairs: waits for the text, then types the keys.
    ///   - commandLine: the program's path and its arguments.
    ///   - environment: what is added to the test's own.
    /// - Returns: how it ended; the output is all that the terminal got.
    /// - Throws: when python3 cannot be started.
    static func terminal(
        _ steps: [TerminalStep], _ commandLine: [String], environment: [String: String] = [:]
    ) throws -> Tool.Outcome {
        let script = """
            import fcntl, os, pty, select, struct, sys, termios, time
            steps = [s.encode().decode("unicode_escape").encode() for s in
                     sys.argv[2:2 + int(sys.argv[1])]]
            pid, fd = pty.fork()
            if pid == 0:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
                os.execvp(sys.argv[2 + len(steps)], sys.argv[2 + len(steps):])
            seen, start, end = b"", 0, time.time() + 180
            while time.time() < end:
                if steps and steps[0] in seen[start:]:
                    start = seen.index(steps[0], start) + len(steps[0])
                    if steps[1] == b"RESIZE":
                        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 102, 0, 0))
                    else:
                        os.write(fd, steps[1])
                    steps = steps[2:]
                    continue
                if not select.select([fd], [], [], 0.5)[0]:
                    continue
                try:
                    data = os.read(fd, 4096)
                except OSError:
                    data = b""
                if not data:
                    break
                seen += data
            else:
                seen += b"(waited in vain)"
                os.kill(pid, 9)
            sys.stdout.buffer.write(seen)
            sys.stdout.flush()
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.exit(code if code >= 0 else 128 - code)
            """
        let texts = steps.flatMap { [$0.text, $0.keys] }
        return try Tool.start(
            ["python3", "-c", script, "\(texts.count)"] + texts + commandLine,
            environment: environment
        ).wait()
    }
}

extension Kade {
    /// Runs `kade` under a pseudo-terminal, typed at by a script.
    func terminal(_ steps: [TerminalStep], _ arguments: String...) throws -> Tool.Outcome {
        try Tool.terminal(steps, commandLine(arguments))
    }

    /// A container's monitor.
    func monitor(of container: String) throws -> Int32 {
        let id = try inspect(container, "{{.Id}}")
        let text = try Data(
            contentsOf: URL(fileURLWithPath: root + "/containers/\(id)/lifecycle.json"))
        let fields = try JSONSerialization.jsonObject(with: text) as? [String: Any]
        guard let pid = fields?["monitorPid"] as? Int else {
            throw Tool.Failure(description: "no monitor of \(container)")
        }
        return Int32(pid)
    }
}

/// What a script waits for at a terminal, and what it types then.
struct TerminalStep {
    /// Shown by the terminal, after what the step before waited for.
    var text: String
    /// With Python's escapes; `RESIZE` makes the window 44 rows and 102 columns large.
    var keys: String

    init(_ text: String, _ keys: String) {
        self.text = text
        self.keys = keys
    }
}
