import Diagnostics
import Engine
import Glibc
import OCI

/// `kade explain`: a container from the outside in, as it was asked for and as the kernel has it; or
/// the recorded steps that made it.
struct ExplainCommand: Command {
    var printsJSON = false
    var isWhole = false
    var showsSteps = false
    var repeats = false
    var compares = false
    var showsFailure = false
    var writesScript = false
    var topics: [ExplainedTopic]?
    var names: [String] = []

    static var grammar: Grammar<ExplainCommand> {
        Grammar(
            name: "explain",
            synopsis: "[OPTIONS] [CONTAINER [CONTAINER]] | COMMAND [ARG...]",
            summary: "Show what a container is made of: declared, and as the kernel has it",
            discussion: "Each thing is shown with what it is for, the flag or the image's field"
                + " that set it, and a command that shows it or does it by hand. A container that"
                + " does not run has its declared state. Sections are "
                + ExplainedTopic.allCases.map(\.rawValue).joined(separator: ", ")
                + "; the page has all of them but the steps.\n\nBefore another command it says what"
                + " that would do, and nothing is done: kade explain run -m 64m debian is kade run"
                + " --plan -m 64m debian.",
            flags: [
                .value(
                    "only", nil, "list", "Show only these sections, separated by commas", \.topics,
                    TopicFlag.parse),
                .switch(
                    "steps", nil, "Show the steps that made it, with their times, as a table",
                    \.showsSteps),
                .switch(
                    "last", nil, "Show the steps of the last creation or start that failed",
                    \.showsFailure),
                .switch(
                    "diff", nil, "Show in what two containers were asked for otherwise", \.compares),
                .switch(
                    "shell", nil,
                    "Write a shell script that builds the same container with plain commands",
                    \.writesScript),
                .switch(
                    "json", nil, "Print JSON: one object, or with --steps one for each step",
                    \.printsJSON),
                .switch(
                    "watch", "w", "Show it again each second, until it runs no more", \.repeats),
                .switch("no-trunc", nil, "Don't truncate the table of steps", \.isWhole),
            ], operands: .between(0, 2), operandKind: .containers,
            assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try checkOptions()
        let containers = try session.engine().containers
        if compares { return try compare(containers, session) }
        if showsFailure { return try showFailure(containers, session) }
        let name = names[0]
        if writesScript {
            try session.output.write(try containers.script(of: name))
            return .success
        }
        if showsSteps {
            let steps = try containers.steps(of: name)
            if steps.isEmpty {
                try session.warn("\(name) was not started yet, or with KADE_STEPS=off")
            }
            try session.output.write(
                printsJSON
                    ? StepTable.json(of: steps) : StepTable.text(of: steps, isTruncated: !isWhole))
            return .success
        }
        while true {
            let explanation = try containers.explain(
                name, topics ?? ExplainedTopic.page, asDeclared: false)
            let text =
                printsJSON
                ? ExplanationPage.json(explanation) : ExplanationPage.text(explanation)
            // The screen is cleared first, so that the page seems to stay where it is.
            let clears = repeats && session.output.isTerminal
            try session.output.write((clears ? "\u{1B}[2J\u{1B}[H" : "") + text)
            guard repeats, explanation.pid != nil else { return .success }
            sleep(1)
        }
    }

    private func checkOptions() throws(Problem) {
        func conflict(_ why: String, _ fix: String) -> Problem {
            Problem(kind: .invalid, what: "conflicting options", why: why, fix: fix)
        }
        let wanted = compares ? 2 : showsFailure ? 0 : 1
        guard names.count == wanted else {
            throw Problem(
                kind: .invalid, what: "cannot explain \(names.count) containers",
                why: compares
                    ? "--diff compares two"
                    : showsFailure
                        ? "--last shows the last start that failed" : "one page is of one",
                fix: "name \(wanted == 0 ? "none" : "\(wanted)")")
        }
        if showsFailure, compares || showsSteps || repeats || topics != nil {
            throw conflict("--last shows what happened once, and nothing else", "use it alone")
        }
        if showsSteps, topics != nil || repeats || compares {
            throw conflict(
                "--steps shows what happened once, and nothing else",
                "use --only steps to see it among other sections")
        }
        if writesScript,
            compares || repeats || showsSteps || showsFailure || printsJSON || topics != nil
        {
            throw conflict("--shell writes a script, and nothing else", "use it alone")
        }
        if compares, repeats || topics?.contains(where: { !Self.comparable.contains($0) }) == true {
            throw conflict(
                "--diff compares what was asked for, once",
                "sections are \(Self.comparable.map(\.rawValue).joined(separator: ", "))")
        }
    }

    /// The last start that failed, whichever container's.
    private func showFailure(
        _ containers: ContainerService, _ session: Session
    ) throws(Problem) -> ExitCode {
        guard let failure = try containers.lastFailure() else {
            throw Problem(
                kind: .notFound, what: "cannot show the last start that failed",
                why: "none has failed since the machine's own start")
        }
        let problem = failure.problem
        guard !printsJSON else {
            let object: JSONValue = [
                "container": .string(failure.container),
                "occasion": .string(failure.occasion.rawValue),
                "problem": .object(problem.jsonObject),
                "steps": .array(StepTable.objects(of: failure.steps)),
            ]
            try session.output.writeLine(object.jsonString())
            return .success
        }
        let verb = failure.occasion == .create ? "made" : "started"
        var text =
            "\(failure.container) could not be \(verb): \(problem.what): \(problem.why)\n"
        if let fix = problem.fix { text += "to do: \(fix)\n" }
        text +=
            failure.steps.isEmpty
            ? "No step was recorded: it failed before the first one.\n"
            : "\n" + StepTable.text(of: failure.steps, isTruncated: !isWhole)
        try session.output.write(text)
        return .success
    }

    private static let comparable = ExplanationDifference.topics

    private func compare(
        _ containers: ContainerService, _ session: Session
    ) throws(Problem) -> ExitCode {
        let wanted = topics ?? Self.comparable
        let first = try containers.explain(names[0], wanted, asDeclared: true)
        let second = try containers.explain(names[1], wanted, asDeclared: true)
        let differences = first.differences(from: second)
        try session.output.write(
            printsJSON
                ? DifferenceText.json(differences)
                : DifferenceText.text(differences, first.name, second.name))
        return .success
    }
}
