import Diagnostics
import Networking
import SystemPackage

/// `kade-runtime leave`: disconnects a container that is gone from the networks of its plugins.
///
/// ```
/// kade-runtime leave [--final] [--network ID] DIRECTORY
/// ```
///
/// The directory has the container's records of them. The engine asks for it after a crash or a
/// boot; else the container's monitor does it at the end. The records of networks whose plugins
/// refuse stay, for another try; with `--final` they go, too. With `--network` that one is meant.
enum LeaveCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: [.flag("final"), .value("network")], stopsAtOperand: false)
        try parsed.requireOperands(1...1, of: "leave")
        try CNIRecord.deleteAll(
            in: FilePath(parsed.operands[0]), only: parsed.value("network"),
            isFinal: parsed.has("final"))
        return 0
    }
}
