import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A running `pasta(1)`, which ends with this process at the latest.
struct PastaProcess: ~Copyable {
    private let process: ChildProcess

    /// Starts pasta and waits until the container has its network and its ports.
    ///
    /// - Parameters:
    ///   - setup: the program and its options.
    ///   - namespace: the container's network namespace, which this process has open.
    ///   - ports: what is published.
    /// - Returns: pasta, which works.
    /// - Throws: what pasta says.
    static func start(
        _ setup: PastaSetup, namespace: borrowing OwnedFD, ports: [PublishedPort]
    ) throws(Problem) -> PastaProcess {
        let what = "cannot start \(setup.program)"
        let ready = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        let report = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.memory(named: "pasta")
        }
        // pasta gives up the rights over other processes, and what it inherits beyond these three.
        let streams = Streams(
            namespace: namespace.rawValue, ready: ready.writing.rawValue, report: report.rawValue)
        let arguments = setup.arguments(
            namespace: "/proc/self/fd/0", ready: "/proc/self/fd/1", ports: ports)
        let process = try launch(setup.program, arguments, streams)
        let descriptors = [ready.reading.rawValue, process.descriptor.rawValue]
        let happened = try explaining(what) { () throws(SystemCallError) in
            try Poll.wait(for: descriptors, .readable, milliseconds: nil)
        }
        withExtendedLifetime(ready) {}
        guard happened[0].containsAny(of: .readable) else { throw try refusal(process, report) }
        return PastaProcess(process: process)
    }

    /// What pasta gets as its standard input, output and error.
    private struct Streams {
        let namespace: CInt
        let ready: CInt
        let report: CInt
    }

    private init(process: consuming ChildProcess) { self.process = process }

    private static func launch(
        _ path: FilePath, _ arguments: [String], _ streams: Streams
    ) throws(Problem) -> ChildProcess {
        let program = Program(arguments: arguments, environment: ["PATH=/usr/bin:/bin"])
        switch try explaining(
            "cannot start \(path)",
            { () throws(SystemCallError) in try clone([], intoCgroup: nil) })
        {
        case .child: return become(program, at: path, streams)
        case .parent(let child): return child
        }
    }

    /// Executes pasta in the child.
    ///
    /// It never returns; its type lets the caller forget that.
    private static func become(
        _ program: borrowing Program, at path: FilePath, _ streams: Streams
    ) -> ChildProcess {
        do throws(SystemCallError) {
            _ = try setSignalMask(0)
            // It has joined the network namespace, and would keep it for ever.
            try setParentDeathSignal(.kill)
            try connectStandardStreams(
                input: streams.namespace, output: streams.ready, error: streams.report)
            try closeOnExecute(from: 3)
            throw program.execute(at: path)
        } catch {
            let text = "\(error.call) \(error.subject): \(error.errno)"
            _ = text.withCString { write(2, $0, strlen($0)) }
            _exit(127)
        }
    }

    private static func refusal(
        _ process: borrowing ChildProcess, _ report: borrowing OwnedFD
    ) throws(Problem) -> Problem {
        let bytes = try explaining("cannot learn why pasta ended") {
            () throws(SystemCallError) in
            _ = try process.wait()
            try report.seek(toOffsetInBytes: 0)
            return try report.read(upToBytes: 4096)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split { $0 == "\n" }
        return Problem(
            kind: .unavailable, what: "cannot give the container a network with pasta",
            why: lines.isEmpty ? "it ended without a word" : lines.joined(separator: "; "),
            fix: "pasta needs a network device with a default route, and /dev/net/tun readable and"
                + " writable for you; --network none and host do without it")
    }

    /// Whether it still runs.
    var isAlive: Bool {
        get throws(SystemCallError) {
            let happened = try Poll.wait(
                for: [process.descriptor.rawValue], .readable, milliseconds: 0)
            return !happened[0].containsAny(of: .readable)
        }
    }

    /// Ends it, and with it the container's connections.
    consuming func end() {
        // Best effort: it may have ended by itself.
        try? process.send(.kill)
        _ = try? process.wait()
    }
}
