import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension ImageService {
    /// Fetches an image from its registry with `kade-server`.
    ///
    /// - Parameters:
    ///   - reference: the image as the user wrote it.
    ///   - platform: `os[/architecture[/variant]]`, or nil for this machine's.
    ///   - progress: is told how it goes on.
    /// - Returns: the full reference that was pulled.
    /// - Throws: the ``Problem`` that the transfer ended with.
    @discardableResult
    package func pull(
        _ reference: String, platform: String?, progress: (TransferEvent) -> Void
    ) throws(Problem) -> String {
        let configuration = context.configuration
        let program = configuration.serverProgram
        var arguments = [program.string, "pull", "--root", configuration.dataRoot.string]
        if let platform { arguments += ["--platform", platform] }
        arguments.append(reference)
        let pipe = try explaining("cannot make a pipe") { () throws(SystemCallError) in try Pipe() }
        let writing = try explaining("cannot make a pipe") {
            () throws(SystemCallError) in try pipe.writing.duplicate()
        }
        let child = try SpawnedProgram(
            program, arguments: arguments, environment: configuration.helperEnvironment,
            descriptors: [-1, writing.rawValue, 2], hasOwnSession: false)
        _ = consume writing
        var lines = TransferLines(reading: try pipe.onlyReading())
        var outcome = TransferOutcome()
        while let line = try lines.next() { outcome.take(line, progress) }
        let code = try child.wait()
        if let problem = outcome.problem { throw problem }
        guard code == 0, let pulled = outcome.reference else {
            throw Problem(
                kind: .unavailable, what: "cannot pull \(reference)",
                why: "\(program) ended with exit code \(code) and no result")
        }
        return pulled
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
private struct TransferLines: ~Copyable {
    private let source: OwnedFD
    private var buffer: [UInt8] = []
    private var isAtEnd = false

    init(reading source: consuming OwnedFD) { self.source = source }

    mutating func next() throws(Problem) -> JSONValue? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                return try JSONValue.parse(line, named: "the output of kade-server")
            }
            guard !isAtEnd else { return nil }
            let more = try explaining("cannot read from kade-server") {
                () throws(SystemCallError) in try source.read(upToBytes: 65536)
            }
            isAtEnd = more.isEmpty
            buffer += more
        }
    }
}

/// What came of a transfer.
private struct TransferOutcome {
    var reference: String?
    var problem: Problem?

    mutating func take(_ line: JSONValue, _ progress: (TransferEvent) -> Void) {
        switch line["event"]?.string {
        case "resolved":
            progress(
                .resolved(
                    reference: line.text("reference") ?? "", digest: line.text("digest") ?? ""))
        case "layer":
            progress(
                .layer(
                    digest: line.text("digest") ?? "", status: line.text("status") ?? "",
                    current: line.integer("current") ?? 0, total: line.integer("total") ?? 0))
        case "done":
            reference = line.text("reference")
            progress(
                .done(
                    reference: line.text("reference") ?? "",
                    manifest: line.text("manifest") ?? "", image: line.text("image") ?? "",
                    status: line.text("status") ?? ""))
        case "problem":
            problem = line.object.flatMap { Problem(jsonObject: $0) }
        default: return  // a newer helper may tell more
        }
    }
}
