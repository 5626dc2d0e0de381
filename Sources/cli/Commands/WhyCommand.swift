import Diagnostics
import Engine
import OCI

/// `kade why`: why a container ended, or does not start.
struct WhyCommand: Command {
    var printsJSON = false
    var name = ""

    static var grammar: Grammar<WhyCommand> {
        Grammar(
            name: "why", synopsis: "[OPTIONS] CONTAINER",
            summary: "Say why a container ended or does not start, and what to do",
            discussion: "The causes are recorded when they happen: signals and who asked for them,"
                + " processes that the kernel killed and which limit was reached, system calls that"
                + " the filter ended it for, failed health checks, and the step of a start that"
                + " failed.",
            flags: [.switch("json", nil, "Print one JSON object", \.printsJSON)],
            operands: .exactly(1), operandKind: .containers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let verdict = try session.engine().containers.why(name)
        try session.output.write(
            printsJSON ? VerdictText.json(verdict) : VerdictText.text(verdict))
        return .success
    }
}

/// A verdict as text and as JSON.
enum VerdictText {
    static func text(_ verdict: ContainerVerdict) -> String {
        var text = "\(verdict.name) (\(Table.shortID(verdict.id))): \(verdict.state)\n"
        if verdict.causes.isEmpty { text += "\nNothing is known to be wrong with it.\n" }
        for cause in verdict.causes {
            text += "\n\(cause.what)\n"
            for line in cause.evidence { text += "  - \(line)\n" }
            if let fix = cause.fix { text += "  to do: \(fix)\n" }
        }
        return text
    }

    static func json(_ verdict: ContainerVerdict) -> String {
        let object: JSONObject = [
            "version": 1, "id": .string(verdict.id), "name": .string(verdict.name),
            "state": .string(verdict.state),
            "causes": .array(
                verdict.causes.map { cause in
                    var object: JSONObject = [
                        "kind": .string(cause.kind.rawValue), "what": .string(cause.what),
                        "evidence": .array(cause.evidence.map { .string($0) }),
                    ]
                    if let fix = cause.fix { object["fix"] = .string(fix) }
                    return .object(object)
                }),
        ]
        return JSONValue.object(object).jsonString() + "\n"
    }
}
