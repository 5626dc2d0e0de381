import Foundation
import OCI

/// An instance of Kade with the image `base`, and a context.
struct BuildSite {
    let kade: Kade
    let folder: TemporaryFolder

    init(_ dockerfile: String, context script: String = "") throws {
        kade = try Kade()
        try kade.check("import", try BuildCase.baseArchive.get(), "base:latest")
        folder = try TemporaryFolder()
        try write(dockerfile, context: script)
    }

    func write(_ dockerfile: String, context script: String = "") throws {
        let one = BuildCase(name: "", dockerfile: dockerfile, context: script)
        try one.write(to: folder, at: "context")
        // A context is its user's, with the keys in it that others may not read.
        guard kade.user != nil else { return }
        try Tool.check("chown", "-hR", "\(TestUser.id):\(TestUser.id)", folder.at("context"))
    }

    /// Builds the context as the image `made`.
    func build(_ flags: String...) throws -> Tool.Outcome {
        try kade.call(
            ["build", "--progress", "plain", "-t", "made"] + flags + [folder.at("context")])
    }

    /// Builds it, which must succeed.
    @discardableResult
    func check(_ flags: String...) throws -> String {
        let outcome = try kade.call(
            ["build", "--progress", "plain", "-t", "made"] + flags + [folder.at("context")])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        return outcome.errors
    }

    /// Builds it under other names, which must succeed.
    @discardableResult
    func check(as name: String, _ flags: String...) throws -> String {
        let outcome = try kade.call(
            ["build", "--progress", "plain", "-t", name] + flags + [folder.at("context")])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        return outcome.errors
    }

    func read(_ path: String) throws -> String {
        try kade.check("run", "--rm", "made", "cat", path)
    }

    /// A blob of the store as JSON.
    func blob(_ digest: String) throws -> JSONValue {
        try json(try Tool.check("cat", "\(kade.root)/image/blobs/sha256/\(digest.dropFirst(7))"))
    }

    /// The manifest or index that a registry has under a name.
    func pushed(_ name: String) throws -> JSONValue {
        try json(
            try Tool.check(
                "skopeo", "inspect", "--raw", "--tls-verify=false", "docker://\(name)"))
    }

    /// What a program has written, as JSON.
    func json(_ text: String) throws -> JSONValue {
        try JSONValue.parse(Array(text.utf8), named: "the output")
    }
}
