import Diagnostics
import Engine
import OCI
import SystemPackage

/// `kade pull`: fetches an image from its registry.
struct PullCommand: Command {
    var isQuiet = false
    var platform: String?
    var parts = PlatformParts()
    var policy = PullPolicy.always
    var verifiesServer = true
    var allTags = false
    var allPlatforms = false
    var authFile: String?
    var signaturePolicy: String?
    var reference = ""

    static let canPlan = true

    static var grammar: Grammar<PullCommand> {
        Grammar(
            name: "pull", synopsis: "[OPTIONS] NAME[:TAG|@DIGEST]",
            summary: "Download an image from a registry",
            flags: [
                .switch(
                    "all-platforms", nil,
                    "Download the images of all platforms, to push or save them", \.allPlatforms),
                .switch(
                    "all-tags", "a", "Download all tagged images in the repository", \.allTags),
                .text(
                    "authfile", nil, "path",
                    "The file of containers-auth.json(5) that has the credentials", \.authFile),
                .unsupported(
                    "disable-content-trust", nil, nil,
                    why: "Kade checks digests, and has no Notary signatures to skip"),
                .text(
                    "platform", nil, "string", "Set platform, as os[/architecture[/variant]]",
                    \.platform),
                .setting(
                    "policy", nil, "string",
                    "When to ask the registry: always (default), missing, newer or never",
                    \.policy, PullPolicy.parse),
                .text(
                    "signature-policy", nil, "path",
                    "The policy about signatures, in place of containers-policy.json(5)'s files",
                    \.signaturePolicy),
                .switch("quiet", "q", "Suppress verbose output", \.isQuiet),
                .switch(
                    "tls-verify", nil, "Want https and a certificate (default true)",
                    \.verifiesServer),
            ] + PlatformParts.flags.map { $0.lifted(to: \.parts) } + RefusedTransferFlags.pull,
            operands: .exactly(1), operandKind: .images, assign: { $0.reference = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let platform = try parts.joined(with: platform)
        let transport = try ImageTransport(self.reference)
        guard case .registry(let reference) = transport else {
            try checkFlagsOfRegistries()
            var command = LoadCommand()
            command.isQuiet = isQuiet
            command.platforms = platform.map { [$0] } ?? []
            return try command.load(transport, in: session)
        }
        let parsed = try ImageReference(parsing: reference)
        if parsed.tag == nil && parsed.digest == nil && !allTags && !isQuiet {
            try session.output.writeLine("Using default tag: latest")
        }
        var display = ProgressDisplay(
            on: session.output, style: .fitting(session.output, isQuiet: isQuiet))
        var request = TransferRequest(reference)
        request.platform = platform
        request.allTags = allTags
        request.allPlatforms = allPlatforms
        request.authFile = authFile.map { FilePath($0) }
        request.signaturePolicy = signaturePolicy.map { FilePath($0) }
        request.isInsecure = !verifiesServer
        let images = try session.engine().images
        if let here = try present(parsed, for: platform, in: images) {
            try session.output.writeLine(here)
            return .success
        }
        let pulled: String
        do throws(Problem) {
            pulled = try images.pull(request) { event in display.show(event) }
        } catch {
            pulled = "\(parsed.withDefaultTag)"
            guard policy == .newer, try images.canRun(pulled, platform: platform) else {
                throw error
            }
            try session.warn("using the image that is here: \(error.what): \(error.why)")
        }
        if let failure = display.failure { throw failure }
        try session.output.writeLine(pulled)
        return .success
    }

    /// The image's name where `--policy` asks no registry because it is here.
    private func present(
        _ reference: ImageReference, for platform: String?, in images: ImageService
    ) throws(Problem) -> String? {
        guard policy != .always else { return nil }
        guard !allTags, !allPlatforms else {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "--policy \(policy.rawValue) is about one image", fix: "leave it out")
        }
        guard policy != .newer else { return nil }
        let name = "\(reference.withDefaultTag)"
        if try images.canRun(name, platform: platform) { return name }
        guard policy == .never else { return nil }
        throw Problem(
            kind: .notFound, what: "cannot use \(name)",
            why: "it is not in the store, and --policy never asks no registry",
            fix: "kade pull \(name)")
    }

    /// Refuses flags that mean nothing where no registry is asked.
    private func checkFlagsOfRegistries() throws(Problem) {
        let given = [
            ("--all-tags", allTags), ("--authfile", authFile != nil),
            ("--policy", policy != .always), ("--signature-policy", signaturePolicy != nil),
            ("--tls-verify", !verifiesServer),
        ].filter(\.1).map(\.0)
        guard let flag = given.first else { return }
        throw Problem(
            kind: .invalid, what: "cannot use \(flag) for \(reference)",
            why: "it is for images of registries", fix: "leave it out")
    }
}
