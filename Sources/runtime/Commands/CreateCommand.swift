import ContainerRuntime
import Diagnostics

/// `kade-runtime create`: makes a container that waits for its start.
enum CreateCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let options = try CreateOptions(arguments, of: "create", flags: [], in: global.root)
        if try options.printsPlan(global, starts: false) { return 0 }
        let handover = try options.prepare(isDetached: true)
        var notify: NotifySocket?  // comes with the start
        _ = try options.create(handover, global, starts: false, notify: &notify)
        return 0
    }
}
