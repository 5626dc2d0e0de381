import Build
import Diagnostics
import Engine

/// `kade commit`: makes an image of what a container changed.
struct CommitCommand: Command {
    var author: String?
    var changes: [String] = []
    var message: String?
    var pauses = true
    var isNotPaused = false
    var name = ""
    var reference: String?

    static var grammar: Grammar<CommitCommand> {
        Grammar(
            name: "commit", synopsis: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
            summary: "Create a new image from a container's changes",
            discussion: """
                A running container is paused while its files are read. With SOURCE_DATE_EPOCH in
                the environment the image is made at that second, and no new file in it is younger:
                the same changes then give the same image.
                """,
            flags: [
                .text(
                    "author", "a", "string",
                    "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")", \.author),
                .list(
                    "change", "c", "list", "Apply Dockerfile instruction to the created image",
                    \.changes),
                .text("message", "m", "string", "Commit message", \.message),
                .switch("no-pause", nil, "Do not pause the container during commit", \.isNotPaused),
                Flag.switch("pause", "p", "Pause the container during commit", \.pauses).hidden,
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
        request.pauses = pauses && !isNotPaused
        request.moment = try SourceDate.moment(in: session.environment)
        let image = try session.engine().containers.commit(name, request)
        for sentence in image.gaps.sentences { try session.warn(sentence) }
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
