import ContainerRuntime
import Diagnostics
import Linux

/// `kade-runtime kill`: sends a signal to a container.
enum KillCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.flag("all", "a")], stopsAtOperand: false)
        try parsed.requireOperands(1...2, of: "kill")
        let text = parsed.operands.count == 2 ? parsed.operands[1] : "SIGTERM"
        // 0 asks whether the container can be signalled (kill(2)).
        guard let signal = text == "0" ? Signal(rawValue: 0) : Signal(named: text) else {
            throw Problem(
                kind: .invalid, what: "unknown signal \"\(text)\"",
                why: "a signal is a number from 0 to 64 or a name",
                fix: "use a name like TERM, SIGKILL or RTMIN+3")
        }
        try Kill.run(
            parsed.operands[0], signal, isForAll: parsed.has("all"), in: global.root)
        return 0
    }
}
