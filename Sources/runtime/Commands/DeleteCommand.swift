import ContainerRuntime
import Diagnostics

/// `kade-runtime delete`: removes what `create` made.
enum DeleteCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.flag("force", "f")], stopsAtOperand: false)
        let warnings = try Delete.run(
            parsed.container(of: "delete"), in: global.root, isForced: parsed.has("force"))
        for warning in warnings { global.log.warn("\(warning)") }
        return 0
    }
}
