import Diagnostics
import Glibc

/// The program `kade`: reads the command line, runs one command, and says with which code to end.
package enum CommandLineProgram {
    package static func run() -> CInt {
        let ending = CommandLineDispatch(environment: OwnEnvironment.read())
            .run(Array(CommandLine.arguments.dropFirst()))
        if let problem = ending.problem {
            // Nobody is left to tell when even standard error does not take the message.
            try? OutputStream.standardError.write(
                ProblemText.text(of: problem, level: ending.level))
        }
        return ending.code.rawValue
    }
}
