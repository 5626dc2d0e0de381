import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// `kade load`: takes images from an archive or an OCI layout.
struct LoadCommand: Command {
    var input: String?
    var isQuiet = false
    var platforms: [String] = []

    static let canPlan = true

    static var grammar: Grammar<LoadCommand> {
        Grammar(
            name: "load", synopsis: "[OPTIONS]",
            summary: "Load an image from a tar archive or STDIN",
            discussion: """
                The input may also be a directory: an OCI image layout, or what skopeo copies to dir:.
                """,
            flags: [
                .text(
                    "input", "i", "string", "Read from tar archive file, instead of STDIN", \.input),
                .switch("quiet", "q", "Suppress the load output", \.isQuiet),
                .list(
                    "platform", nil, "strings",
                    "Load only the given platform(s), as os[/architecture[/variant]]", \.platforms),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        if input == nil && Terminal.isTerminal(0) {
            throw Problem(
                kind: .invalid, what: "requested load from stdin", why: "stdin is a terminal",
                fix: "name an archive with -i, or pipe one in")
        }
        return try report(
            try names(in: session) { images, platforms, progress throws(Problem) in
                try images.load(
                    from: input.map { FilePath($0) }, platforms: platforms, progress: progress)
            }, in: session)
    }

    /// Takes images from where a transport says.
    func load(_ transport: ImageTransport, in session: Session) throws(Problem) -> ExitCode {
        try report(try names(from: transport, in: session), in: session)
    }

    /// Takes images from where a transport says, which is no registry.
    ///
    /// - Returns: their names, or IDs of those without one; none in a plan.
    func names(
        from transport: ImageTransport, in session: Session
    ) throws(Problem) -> [String] {
        try names(in: session) { images, platforms, progress throws(Problem) in
            switch transport {
            case .registry: preconditionFailure("images of registries are pulled")
            case .file(let path):
                try images.load(from: path, platforms: platforms, progress: progress)
            case .daemon(let name):
                try images.load(fromDocker: name, platforms: platforms, progress: progress)
            }
        }
    }

    private func names(
        in session: Session,
        _ load: (
            ImageService, _ platforms: [String], _ progress: (TransferEvent) -> Void
        ) throws(Problem) -> [String]
    ) throws(Problem) -> [String] {
        var display = ProgressDisplay(
            on: session.error, style: .fitting(session.error, isQuiet: isQuiet))
        let names = try load(
            session.engine().images,
            platforms.flatMap { $0.split(separator: ",").map(String.init) }
        ) { event in
            if case .layer(_, _, _, _) = event { display.show(event) }
        }
        if let failure = display.failure { throw failure }
        return names
    }

    private func report(_ names: [String], in session: Session) throws(Problem) -> ExitCode {
        guard !isQuiet else { return .success }
        for name in names {
            let word = Digest.hash(namedBy: name) != name ? "Loaded image ID" : "Loaded image"
            try session.output.writeLine("\(word): \(name)")
        }
        return .success
    }
}
