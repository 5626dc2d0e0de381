import Diagnostics

/// Does the same with each operand, as `kade stop a b c`: one that fails keeps no other from it.
enum OperandLoop {
    /// Prints what `body` returns for each name; every problem is printed where it happens.
    static func run(
        _ names: [String], in session: Session,
        _ body: (String) throws(Problem) -> String?
    ) throws(Problem) -> ExitCode {
        var code = ExitCode.success
        for name in names {
            let line: String?
            do throws(Problem) {
                line = try body(name)
            } catch {
                try session.error.write(ProblemText.text(of: error, level: session.globals.level))
                code = .failure
                continue
            }
            if let line { try session.output.writeLine(line) }
        }
        return code
    }
}
