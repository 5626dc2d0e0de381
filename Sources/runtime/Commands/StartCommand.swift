import ContainerRuntime
import Diagnostics

/// `kade-runtime start`: lets a created container execute its program.
enum StartCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        try Start.run(parsed.container(of: "start"), in: global.root)
        return 0
    }
}
