import Build
import Diagnostics
import Engine

/// `kade commit`: makes an image of what a container changed.
struct CommitCommand: Command {
    var author: String?
    var changes: [String] = []
    var message: String?
    var pause = CommitRequest.Pause.wherePossible
    var name = ""
    var reference: String?

    static let canPlan = true

    static var grammar: Grammar<CommitCommand> {
        Grammar(
            name: "commit", synopsis: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
            summary: "Create a new image from a container's changes",
            discussion: """
                A running container is paused while its files are read. One without a cgroup of its
                own (an ordinary user's, where none is delegated) cannot be: then a warning says so,
                and --pause is an error. With SOURCE_DATE_EPOCH in the environment the image is made
                at that second, and no new file in it is younger: the same changes then give the
                same image.
                """,
            flags: [
                .text(
                    "author", "a", "string",
                    "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")", \.author),
                .list(
                    "change", "c", "list", "Apply Dockerfile instruction to the created image",
                    \.changes),
                .text("message", "m", "string", "Commit message", \.message),
                .choice(
                    "no-pause", nil, "Do not pause the container during commit", \.pause
                ) { text throws(InvalidValue) in
                    try BooleanValue.parse(text) ? .never : .wherePossible
                },
                .choice(
                    "pause", "p", "Pause the container during commit, or fail", \.pause
                ) { text throws(InvalidValue) in
                    try BooleanValue.parse(text) ? .always : .never
                },
            ], operands: .between(1, 2), operandKind: .containers,
            assign: { command, operands in
                command.name = operands[0]
                command.reference = operands.count > 1 ? operands[1] : nil
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var request = CommitRequest()
        request.reference = reference
        request.author = author
        request.message = message
        let changes = try ImageChanges(changes)
        request.change = { defaults throws(Problem) in try changes.apply(to: &defaults) }
        request.pause = pause
        request.moment = try SourceDate.moment(in: session.environment)
        guard let image = try session.engine().containers.commit(name, request) else {
            return .success
        }
        for sentence in image.gaps.sentences { try session.warn(sentence) }
        if let why = image.unpaused {
            try session.warn("container \(name) ran while its files were read: \(why)")
        }
        try session.output.writeLine(image.id)
        return .success
    }
}

/// The variable `SOURCE_DATE_EPOCH` (reproducible-builds.org): the moment that stands for now.
enum SourceDate {
    static func moment(in environment: [String: String]) throws(Problem) -> Timestamp? {
        guard let text = environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
        guard let seconds = Int64(text), seconds >= 0, seconds < 1 << 33 else {
            throw Problem(
                kind: .invalid, what: "cannot use SOURCE_DATE_EPOCH=\(text)",
                why: "it is no number of seconds since 1970", fix: "unset it, or give such a number"
            )
        }
        return Timestamp(nanosecondsSinceEpoch: seconds * 1_000_000_000)
    }
}
