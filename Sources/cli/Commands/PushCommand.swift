import Diagnostics
import Engine
import OCI
import SystemPackage

/// `kade push`: sends an image to its registry.
struct PushCommand: Command {
    var isQuiet = false
    var platform: String?
    var allTags = false
    var authFile: String?
    var compression = LayerCompression.gzip
    var reference = ""

    static let canPlan = true

    static var grammar: Grammar<PushCommand> {
        Grammar(
            name: "push", synopsis: "[OPTIONS] NAME[:TAG]",
            summary: "Upload an image to a registry",
            flags: [
                .switch("all-tags", "a", "Push all tags of an image to the repository", \.allTags),
                .text(
                    "authfile", nil, "path",
                    "The file of containers-auth.json(5) that has the credentials", \.authFile),
                .setting(
                    "compression-format", nil, "string",
                    "Compress plain layers: gzip, zstd or uncompressed", \.compression,
                    CompressionFlag.parse),
                .unsupported(
                    "compression-level", nil, "int", why: "Kade has one level of each format"),
                .unsupported(
                    "disable-content-trust", nil, nil,
                    why: "Kade makes no Notary signatures that could be left out"),
                .text(
                    "platform", nil, "string",
                    "Push a platform's manifest alone, as os[/architecture[/variant]]", \.platform),
                .switch("quiet", "q", "Suppress verbose output", \.isQuiet),
            ], operands: .exactly(1), operandKind: .images, assign: { $0.reference = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard case .registry(let reference) = try ImageTransport(self.reference) else {
            throw Problem(
                kind: .unsupported, what: "cannot push to \(self.reference)",
                why: "it is no registry", fix: "write a file: kade save --format docker-archive")
        }
        let parsed = try ImageReference(parsing: reference)
        if parsed.tag == nil && parsed.digest == nil && !allTags && !isQuiet {
            try session.output.writeLine("Using default tag: latest")
        }
        let target = allTags ? parsed : parsed.withDefaultTag
        var display = ProgressDisplay(
            on: session.output, style: .fitting(session.output, isQuiet: isQuiet))
        var request = TransferRequest("\(target)")
        request.platform = platform
        request.allTags = allTags
        request.compression = compression
        request.authFile = authFile.map { FilePath($0) }
        try session.engine().images.push(request) { event in display.show(event) }
        if let failure = display.failure { throw failure }
        if isQuiet { try session.output.writeLine("\(target)") }
        return .success
    }
}
