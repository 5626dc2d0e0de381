import Diagnostics
import Engine

/// `kade attach`: joins the streams of a running container.
struct AttachCommand: Command {
    var detachKeys: [UInt8]?
    var leavesInput = false
    var proxiesSignals = true
    var name = ""

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<AttachCommand> {
        Grammar(
            name: "attach", synopsis: "[OPTIONS] CONTAINER",
            summary:
                "Attach local standard input, output, and error streams to a running container",
            flags: [
                .value(
                    "detach-keys", nil, "string",
                    "Override the key sequence for detaching a container", \.detachKeys,
                    DetachKeys.parse),
                .switch("no-stdin", nil, "Do not attach STDIN", \.leavesInput),
                .switch(
                    "sig-proxy", nil, "Proxy all received signals to the process (default true)",
                    \.proxiesSignals),
            ], operands: .exactly(1), operandKind: .runningContainers,
            assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let engine = try session.engine()
        let process = try engine.containers.request(of: name).process
        let readsInput = process.isInteractive && !leavesInput
        let foreground = Foreground(
            streams: readsInput ? [.input, .output, .error] : [.output, .error],
            hasTerminal: process.hasTerminal, detachKeys: detachKeys ?? DetachKeys.standard,
            proxiesSignals: proxiesSignals)
        try foreground.checkTerminal()
        let container = try engine.containers.attach(name, streams: foreground.streams)
        let ending = try foreground.run(container)
        if case .detached = ending { try engine.containers.noteDetached(from: name) }
        return ending.code
    }
}
