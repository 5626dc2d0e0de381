import Diagnostics
import Engine
import Linux
import OCI
import Storage
import SystemPackage

/// A source of ADD that is not a file of the context.
enum RemoteSource: Equatable {
    case web(String)
    case git(GitSource)

    init?(_ text: String) {
        let lowered = text.lowercased()
        // Without a scheme it is a path of the context.
        let hasScheme =
            ["git@", "git://", "ssh://", "http://", "https://"].contains { lowered.hasPrefix($0) }
        guard hasScheme else { return nil }
        self = GitSource(text).map { .git($0) } ?? .web(text)
    }
}

/// A file of the web that ADD names; it is downloaded when its bytes are asked for.
final class RemoteFile {
    let address: String
    /// `--checksum`.
    private let checksum: Digest?
    private let steps: StepService
    private var content: HeldFile?
    private var found: Digest?

    init(_ address: String, checksum: Digest?, steps: StepService) {
        self.address = address
        self.checksum = checksum
        self.steps = steps
    }

    /// What decides about the result: the checksum where one is given, else the content.
    func identity() throws(Problem) -> Digest {
        if let checksum { return checksum }
        try download()
        return found ?? ContentHasher.sha256([])
    }

    /// The last part of the address, which is its file's name.
    func name() throws(Problem) -> String {
        let path =
            address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            .dropFirst(3).first.map { $0.prefix { $0 != "?" && $0 != "#" } } ?? ""
        guard let name = path.split(separator: "/", omittingEmptySubsequences: false).last,
            !name.isEmpty, name != ".", name != ".."
        else {
            throw Problem(
                kind: .invalid, what: "cannot add \(address)",
                why: "the address does not end with a file's name",
                fix: "name the file: a destination without a slash at its end")
        }
        return String(name)
    }

    /// Runs something with the content, which begins at its offset 0.
    func withContent(
        _ body: (borrowing OwnedFD) throws(Problem) -> Void
    ) throws(Problem) {
        try download()
        guard let content else {
            preconditionFailure("a download leaves a file or throws")
        }
        try asking("cannot read \(address)") { () throws(SystemCallError) in
            try content.file.seek(toOffsetInBytes: 0)
        }
        try body(content.file)
    }

    private func download() throws(Problem) {
        guard content == nil else { return }
        let file = try steps.temporaryFile()
        try steps.download(address, into: file.rawValue)
        var hasher =
            try checksum.map { digest throws(Problem) in
                try ContentHasher(verifying: digest)
            } ?? ContentHasher()
        let buffer = CopyBuffer()
        do throws(SystemCallError) {
            try file.seek(toOffsetInBytes: 0)
            while true {
                let portion = try buffer.read(from: file)
                if portion.isEmpty { break }
                hasher.update(portion)
            }
        } catch {
            throw Problem(error, what: "cannot read \(address)")
        }
        let digest = hasher.digest()
        if let checksum, checksum != digest {
            throw Problem(
                kind: .corrupt, what: "cannot add \(address)",
                why: "digest mismatch \(digest): \(checksum)",
                fix: "correct --checksum, or do not use this file")
        }
        found = digest
        content = HeldFile(file)
    }
}

/// The sources of an ADD that are no files of the context.
struct RemoteSources {
    var files: [RemoteFile] = []
    var repositories: [RemoteRepository] = []

    var count: Int { files.count + repositories.count }
}

/// An open file that a value may hold.
private final class HeldFile {
    let file: OwnedFD

    init(_ file: consuming OwnedFD) { self.file = file }
}
