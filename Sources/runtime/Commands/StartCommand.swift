import ContainerRuntime
import Diagnostics

/// `kade-runtime start`: lets a created container execute its program.
enum StartCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        let id = try parsed.container(of: "start")
        switch try NotifySocket.listen(for: id, in: global.root) {
        case .none: try Start.run(id, in: global.root)
        case .some(let notify):
            let process = try Kill.process(of: id, in: global.root)
            try Start.run(id, in: global.root)
            if let process { try notify.relayReadiness(of: process) }
        }
        return 0
    }
}
