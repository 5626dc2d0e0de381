import ContainerRuntime
import Diagnostics
import Linux

/// `kade-runtime run`: creates and starts a container, and waits for its end unless detached.
enum RunCommand {
    private static let flags: [OptionName] = [
        .flag("detach", "d"), .flag("keep"), .flag("no-subreaper"),
    ]

    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let options = try CreateOptions(arguments, of: "run", flags: flags, in: global.root)
        let isDetached = try options.has("detach")
        if try options.printsPlan(global, starts: true) { return 0 }
        let handover = try options.prepare(isDetached: isDetached)
        // Signals wait until there is a program to forward them to.
        let foreground =
            isDetached ? nil : try Foreground(reapsOrphans: !options.has("no-subreaper"))
        var notify: NotifySocket?
        var container = try options.create(handover, global, starts: true, notify: &notify)
        guard let foreground else {
            switch notify {
            case .some(let notify): try notify.relayReadiness(of: container.process)
            case .none: break
            }
            return 0
        }
        let terminal = container.consoleMaster.take()
        let status = try foreground.wait(
            for: container.process, terminal: terminal, notify: notify,
            until: Deadline(inMilliseconds: nil))
        guard try !options.has("keep") else { return status.code }
        for warning in try container.remove() { global.log.warn("\(warning)") }
        return status.code
    }
}
