import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// `kade-server` at work for the engine: it brings content into the store, from a registry or an
/// archive, and reports in JSON lines.
///
/// Libraries that talk to networks and decompress are in that program alone: `kade` starts a
/// millisecond earlier without them, and what reads foreign bytes is a process of its own.
struct ContentHelper {
    let configuration: EngineConfiguration
    /// The archive that its commands read from descriptor 0, in the place of a path.
    static let standardInput = "-"

    /// Runs a command of the helper to its end, and has what it unpacked written to the disk.
    func run(
        _ arguments: [String], input: CInt?, file: CInt?, what: String,
        take: (JSONValue) -> Void
    ) throws(Problem) {
        defer { flushLayers() }
        try runWithoutFlush(arguments, input: input, file: file, what: what, take: take)
    }

    /// ``run(_:input:file:what:take:)`` of a command that changes something; a plan only notes it.
    ///
    /// - Parameters:
    ///   - arguments: the command and its arguments.
    ///   - why: what it is for, in a plan.
    ///   - input: what it reads as standard input; nil for nothing.
    ///   - file: what it finds as descriptor 3; nil for nothing.
    ///   - what: what the user wanted, for the error.
    ///   - take: is given each line but a problem's.
    /// - Returns: whether it was run.
    /// - Throws: the ``Problem`` that the helper reports.
    func change(
        _ arguments: [String], why: String, input: CInt?, file: CInt?, what: String,
        take: (JSONValue) -> Void
    ) throws(Problem) -> Bool {
        if let plan = configuration.plan {
            plan.note(
                .runServer([configuration.serverProgram.string] + arguments, why), by: .engine)
            return false
        }
        try run(arguments, input: input, file: file, what: what, take: take)
        return true
    }

    /// Runs a command of the helper to its end.
    ///
    /// - Parameters:
    ///   - arguments: the command and its arguments.
    ///   - input: what it reads as standard input; nil for nothing.
    ///   - file: what it finds as descriptor 3; nil for nothing.
    ///   - what: what the user wanted, for the error.
    ///   - take: is given each line but a problem's.
    /// - Throws: the ``Problem`` that the helper reports.
    func runWithoutFlush(
        _ arguments: [String], input: CInt?, file: CInt?, what: String,
        take: (JSONValue) -> Void
    ) throws(Problem) {
        let program = configuration.serverProgram
        let pipe = try explaining("cannot make a pipe") { () throws(SystemCallError) in try Pipe() }
        let writing = try explaining("cannot make a pipe") {
            () throws(SystemCallError) in try pipe.writing.duplicate()
        }
        let child = try SpawnedProgram(
            program, arguments: [program.string] + arguments,
            environment: configuration.helperEnvironment,
            descriptors: [input ?? -1, writing.rawValue, 2] + (file.map { [$0] } ?? []),
            hasOwnSession: false)
        _ = consume writing
        var lines = HelperLines(
            reading: try pipe.onlyReading(), showing: configuration.watch)
        var problem: Problem?
        while let line = try lines.next() {
            // The rest comes in the background, and nobody needs to wait for it.
            if line["event"]?.string == "usable" { return }
            if line["event"]?.string == "problem" {
                problem = line.object.flatMap { Problem(jsonObject: $0) }
            } else {
                take(line)
            }
        }
        let code = try child.wait()
        if let problem { throw problem }
        guard code == 0 else {
            throw Problem(
                kind: .unavailable, what: what, why: "\(program) ended with exit code \(code)")
        }
    }
}

extension TransferEvent {
    /// The progress that a line of the helper tells of; nil when it tells something else.
    init?(_ line: JSONValue) {
        switch line["event"]?.string {
        case "place":
            self = .place(
                RegistryPlace(address: line.text("address") ?? "", query: line.text("query") ?? ""),
                line.text("use").flatMap(RegistryPlace.Use.init) ?? .all)
        case "resolved":
            self = .resolved(
                reference: line.text("reference") ?? "", digest: line.text("digest") ?? "")
        case "document":
            self = .document(
                kind: line.text("kind") ?? "", digest: line.text("digest") ?? "",
                status: line.text("status") ?? "", sizeInBytes: line.integer("total") ?? 0)
        case "layer":
            self = .layer(
                digest: line.text("digest") ?? "", status: line.text("status") ?? "",
                current: line.integer("current") ?? 0, total: line.integer("total") ?? 0)
        case "done":
            self = .done(
                reference: line.text("reference") ?? "", manifest: line.text("manifest") ?? "",
                image: line.text("image") ?? "", status: line.text("status") ?? "")
        case "pushing":
            self = .pushing(
                reference: line.text("reference") ?? "", digest: line.text("digest") ?? "")
        case "pushed":
            self = .pushed(
                reference: line.text("reference") ?? "", digest: line.text("digest") ?? "",
                sizeInBytes: line.integer("size") ?? 0)
        case "note": self = .note(line.text("text") ?? "")
        default: return nil  // a newer helper may tell more
        }
    }
}

extension Pipe {
    /// Closes the writing end, so that the reading one ends with its other holders.
    fileprivate consuming func onlyReading() throws(Problem) -> OwnedFD {
        try explaining("cannot make a pipe") { () throws(SystemCallError) in
            try reading.duplicate()
        }
    }
}

/// The lines that `kade-server` writes.
private struct HelperLines: ~Copyable {
    private let source: OwnedFD
    private var buffer: [UInt8] = []
    private var isAtEnd = false
    /// Who looks at the steps that the lines tell of.
    private let watch: StepWatch?

    init(reading source: consuming OwnedFD, showing watch: StepWatch?) {
        self.source = source
        self.watch = watch
    }

    mutating func next() throws(Problem) -> JSONValue? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                return try JSONValue.parse(line, named: "the output of kade-server")
            }
            guard !isAtEnd else { return nil }
            let more = try explaining("cannot read from kade-server") {
                () throws(SystemCallError) in
                try watch?.waitToRead(source.rawValue)
                return try source.read(upToBytes: 65536)
            }
            isAtEnd = more.isEmpty
            buffer += more
        }
    }
}
