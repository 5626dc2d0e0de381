import Diagnostics
import Engine

/// `kade __complete WORD...`: what could follow, for the scripts of `kade completion`.
///
/// It prints one candidate a line; the last word is the one being typed.
struct CompleteCommand: Command {
    var words: [String] = []

    static var grammar: Grammar<CompleteCommand> {
        Grammar(
            name: "__complete", synopsis: "[WORD...]", summary: "Print candidates for a word",
            operands: .atLeast(0), endsFlagsAtFirstOperand: true, assign: { $0.words = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let completion = Completion(words: words)
        let candidates: [String]
        switch completion.answer {
        case .words(let words): candidates = words
        case .names(let kind):
            var globals = session.globals
            try CommandLineDispatch.readGlobals(completion.globalWords, &globals)
            candidates = try names(
                kind, in: Session(globals: globals, environment: session.environment))
        case .files: return ExitCode(rawValue: 2)  // the shell completes files itself
        }
        let matching = candidates.filter { $0.hasPrefix(completion.typed) }
        try session.output.write(matching.map { "\($0)\n" }.joined())
        return .success
    }

    private func names(_ kind: OperandKind, in session: Session) throws(Problem) -> [String] {
        switch kind {
        case .none, .files: return []
        case .images:
            return try session.engine().images.list(ImageFilter()).images.compactMap { image in
                image.reference == nil ? nil : "\(image.repository):\(image.tag)"
            } + ["host"]
        case .volumes: return try session.engine().volumes.names()
        case .secrets: return try session.engine().secrets.list([]).map(\.name)
        case .containers, .runningContainers, .stoppedContainers:
            return try session.engine().containers.names { state in
                switch kind {
                case .runningContainers: state.isAlive
                case .stoppedContainers: !state.isAlive
                default: true
                }
            }
        }
    }
}
