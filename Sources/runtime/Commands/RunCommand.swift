import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// `kade-runtime run`: creates and starts a container, and waits for its end unless detached.
enum RunCommand {
    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let names: [OptionName] = [.flag("detach", "d"), .flag("keep"), .flag("no-subreaper")]
        let parsed = try ParsedArguments(
            arguments, options: CreateOptions.names + names, stopsAtOperand: false)
        let options = try CreateOptions(parsed, command: "run")
        let isDetached = try parsed.has("detach")
        var request = options.request(in: global.root, isStartedElsewhere: false)
        request.usesSystemd = global.usesSystemd
        if options.isPlanOnly {
            print(try request.plan().text, terminator: "")
            return 0
        }
        try SelfProtection.ensure(closingFrom: 3 + options.preservedDescriptors)
        try options.checkConsole(isDetached: isDetached)
        let console: ConsoleSocket?
        if let path = options.consoleSocket {
            console = try ConsoleSocket(path)
        } else {
            console = nil
        }
        // Signals wait until there is a program to forward them to.
        let foreground =
            isDetached ? nil : try Foreground(reapsOrphans: !parsed.has("no-subreaper"))
        var container = try Create.run(request)
        do throws(Problem) {
            try CreateCommand.deliver(&container, to: console)
            try writePIDFile(options.pidFile, container.process.id)
            try container.start()
            try options.write(container.stepRecords())
        } catch {
            throw container.takeBack(after: error)
        }
        for warning in container.warnings { global.log.warn(warning) }
        guard let foreground else { return 0 }
        let status = try foreground.wait(
            for: container.process, terminal: container.consoleMaster.take())
        guard try !parsed.has("keep") else { return status.code }
        for warning in try container.remove() { global.log.warn("\(warning)") }
        return status.code
    }
}
