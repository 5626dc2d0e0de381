import ContainerRuntime
import Diagnostics
import Linux

/// `kade-runtime create`: makes a container that waits for its start.
enum CreateCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments, options: CreateOptions.names, stopsAtOperand: false)
        let options = try CreateOptions(parsed, command: "create")
        var request = options.request(in: global.root, isStartedElsewhere: true)
        request.usesSystemd = global.usesSystemd
        if options.isPlanOnly {
            print(try request.plan().text, terminator: "")
            return 0
        }
        try SelfProtection.ensure(closingFrom: 3 + options.preservedDescriptors)
        try options.checkConsole(isDetached: true)
        let console: ConsoleSocket?
        if let path = options.consoleSocket {
            console = try ConsoleSocket(path)
        } else {
            console = nil
        }
        var container = try Create.run(request)
        do throws(Problem) {
            try deliver(&container, to: console)
            try writePIDFile(options.pidFile, container.process.id)
            try options.write(container.stepRecords())
        } catch {
            throw container.takeBack(after: error)
        }
        for warning in container.warnings { global.log.warn(warning) }
        return 0
    }

    /// Hands the terminal to the one who waits for it.
    static func deliver(
        _ container: inout CreatedContainer, to console: borrowing ConsoleSocket?
    ) throws(Problem) {
        guard let terminal = container.consoleMaster.take() else { return }
        switch console {
        case .some(let console): try console.send(terminal)
        case .none: container.consoleMaster = consume terminal
        }
    }
}
