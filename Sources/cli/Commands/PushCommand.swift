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
    var format = LayerEncoding.Format.gzip
    var level: Int?
    var verifiesServer = true
    var digestFile: String?
    var forcesCompression = false
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
                    "Compress plain layers: gzip, zstd, estargz, zstd:chunked or uncompressed",
                    \.format, CompressionFlag.parse),
                .value(
                    "compression-level", nil, "int",
                    "How hard to compress: 0 to 9 of gzip, 0 to 22 of zstd", \.level,
                    NumberValue.parseInt),
                .text(
                    "digestfile", nil, "file", "Write the digest of what was pushed to the file",
                    \.digestFile),
                .switch(
                    "force-compression", nil,
                    "Compress layers again that are compressed in another way",
                    \.forcesCompression),
                .unsupported(
                    "disable-content-trust", nil, nil,
                    why: "Kade makes no Notary signatures that could be left out"),
                .text(
                    "platform", nil, "string",
                    "Push a platform's manifest alone, as os[/architecture[/variant]]", \.platform),
                .switch("quiet", "q", "Suppress verbose output", \.isQuiet),
                .switch(
                    "tls-verify", nil, "Want https and a certificate (default true)",
                    \.verifiesServer),
            ] + RefusedTransferFlags.push, operands: .exactly(1), operandKind: .images,
            assign: { $0.reference = $1[0] })
    }

    private var encoding: LayerEncoding {
        get throws(Problem) {
            do throws(InvalidValue) {
                return try CompressionFlag.encoding(
                    format, level: level, isForced: forcesCompression)
            } catch {
                throw Problem(
                    kind: .invalid, what: "cannot compress the layers", why: error.why,
                    fix: error.fix)
            }
        }
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let reference: String
        switch try ImageTransport(self.reference) {
        case .registry(let name): reference = name
        case .daemon(let name): return try push(toDocker: name, in: session)
        case .file:
            throw Problem(
                kind: .unsupported, what: "cannot push to \(self.reference)",
                why: "it is no registry", fix: "write a file: kade save --format docker-archive")
        }
        let parsed = try ImageReference(parsing: reference)
        if parsed.tag == nil && parsed.digest == nil && !allTags && !isQuiet {
            try session.output.writeLine("Using default tag: latest")
        }
        guard digestFile == nil || !allTags else {
            throw Problem(
                kind: .invalid, what: "conflicting options", why: "--digestfile and --all-tags",
                fix: "push one tag after the other")
        }
        let target = allTags ? parsed : parsed.withDefaultTag
        var display = ProgressDisplay(
            on: session.output, style: .fitting(session.output, isQuiet: isQuiet))
        var request = TransferRequest("\(target)")
        request.platform = platform
        request.allTags = allTags
        request.encoding = try encoding
        request.authFile = authFile.map { FilePath($0) }
        request.isInsecure = !verifiesServer
        var digest: String?
        try session.engine().images.push(request) { event in
            if case .pushed(_, let pushed, _) = event { digest = pushed }
            display.show(event)
        }
        if let failure = display.failure { throw failure }
        if let digestFile, let digest {
            try FlagFile.write(
                digest, to: digestFile, what: "cannot write the digest to \(digestFile)")
        }
        if isQuiet { try session.output.writeLine("\(target)") }
        return .success
    }

    /// Gives the image to Docker's daemon, which keeps layers in its own way.
    private func push(toDocker name: String, in session: Session) throws(Problem) -> ExitCode {
        let given = [
            ("--all-tags", allTags), ("--authfile", authFile != nil),
            ("--compression-format", format != .gzip), ("--compression-level", level != nil),
            ("--digestfile", digestFile != nil), ("--force-compression", forcesCompression),
            ("--tls-verify", !verifiesServer),
        ].filter(\.1).map(\.0)
        if let flag = given.first {
            throw Problem(
                kind: .invalid, what: "cannot use \(flag) for \(self.reference)",
                why: "it is for registries", fix: "leave it out")
        }
        try session.engine().images.push(
            toDocker: name, platforms: platform.map { [$0] } ?? [])
        if session.plan == nil { try session.output.writeLine(self.reference) }
        return .success
    }
}
