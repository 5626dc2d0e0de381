import ContainerRuntime
import Diagnostics
import OCI

/// `kade-runtime state`: prints what a container is doing.
enum StateCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        let state = try State.run(parsed.container(of: "state"), in: global.root)
        print(String(decoding: state.json(.indented(spaces: 2)), as: UTF8.self))
        return 0
    }
}
