import Diagnostics

/// `kade completion SHELL`: a script that completes Kade's command lines.
struct CompletionCommand: Command {
    var shell = ""

    static var grammar: Grammar<CompletionCommand> {
        Grammar(
            name: "completion", synopsis: "bash|zsh|fish",
            summary: "Print a completion script for a shell",
            operands: .exactly(1), assign: { $0.shell = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard let script = CompletionScript(rawValue: shell) else {
            throw Problem(
                kind: .unsupported, what: "no completion for the shell", why: shell,
                fix: "bash, zsh and fish are there")
        }
        try session.output.write(script.text)
        return .success
    }
}
