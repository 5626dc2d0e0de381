import Foundation
import Testing

/// `kade-server pull` into a data root of its own.
struct Pull {
    /// The program's outcome.
    let outcome: Tool.Outcome
    /// The lines of JSON that it wrote.
    let events: [[String: Any]]

    init(_ outcome: Tool.Outcome) throws {
        self.outcome = outcome
        events = try outcome.lines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// Pulls a reference.
    static func run(
        _ reference: String, into root: String, _ flags: String...,
        environment: [String: String] = [:]
    ) throws -> Pull {
        try Pull(start(reference, into: root, flags, environment: environment).wait())
    }

    /// Begins to pull a reference.
    static func start(
        _ reference: String, into root: String, _ flags: [String] = [],
        environment: [String: String] = [:]
    ) throws -> Tool.Running {
        let arguments =
            [BuiltProgram.path("kade-server"), "pull", "--root", root] + flags + [reference]
        // No configuration of the user's own.
        let home = ["HOME": "/nonexistent", "DOCKER_CONFIG": "", "XDG_RUNTIME_DIR": ""]
            .merging(Kade.unpacked) { $1 }
        return try Tool.start(arguments, environment: home.merging(environment) { $1 })
    }

    /// The last event of a kind.
    func event(_ name: String) -> [String: Any]? {
        events.last { $0["event"] as? String == name }
    }

    /// The statuses of a layer in their order, each once.
    func statuses(ofLayer digest: String) -> [String] {
        var statuses: [String] = []
        for event in events where event["digest"] as? String == digest {
            guard let status = event["status"] as? String, status != statuses.last else { continue }
            statuses.append(status)
        }
        return statuses
    }

    /// The problem's kind, what and why in one line; empty when there is none.
    var problem: String {
        guard let problem = event("problem") else { return "" }
        return ["kind", "what", "why"].map { "\(problem[$0] ?? "")" }.joined(separator: ": ")
    }
}

/// Checks that a store is a whole OCI image layout, with skopeo as the judge.
func expectReadable(
    _ root: String, _ reference: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let copy = try TemporaryFolder()
    let outcome = try Tool.run(
        "skopeo", "copy", "-q", "--insecure-policy", "oci:\(root)/image:\(reference)",
        "dir:\(copy.path)")
    #expect(outcome.exitCode == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
}

/// The directory of an unpacked layer, found by a file in it.
func unpackedLayer(_ root: String, with file: String) throws -> String? {
    let layers = root + "/layers/sha256"
    guard FileManager.default.fileExists(atPath: layers) else { return nil }
    return try FileManager.default.contentsOfDirectory(atPath: layers).sorted()
        .map { "\(layers)/\($0)/diff" }
        .first { FileManager.default.fileExists(atPath: "\($0)/\(file)") }
}
