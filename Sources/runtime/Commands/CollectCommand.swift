import Diagnostics
import Linux
import Networking
import OCI

/// `kade-runtime collect`: has the plugins of a network remove what belongs to no container.
///
/// What they are told comes over standard input (``CNICollection``). The engine holds the lock
/// meanwhile that keeps containers from coming and going.
enum CollectCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "collect")
        let bytes = try explaining("cannot read what the plugins shall be told") {
            () throws(SystemCallError) in try OwnedFD.standardInput().readAll()
        }
        try CNICollection(.parse(bytes, named: "standard input"), named: "the network").run()
        return 0
    }
}
