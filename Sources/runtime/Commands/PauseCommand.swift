import ContainerRuntime
import Diagnostics

/// `kade-runtime pause` and `resume`: stops and continues a container's processes.
enum PauseCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        try Pause.run(parsed.container(of: "pause"), in: global.root)
        return 0
    }

    static func resume(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        try Pause.resume(parsed.container(of: "resume"), in: global.root)
        return 0
    }
}
