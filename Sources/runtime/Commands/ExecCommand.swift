import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// `kade-runtime exec`: runs one more program inside a container.
enum ExecCommand {
    private static let names: [OptionName] =
        Handover.names + ExecProcess.names + [
            .flag("detach", "d"), .value("preserve-fds"), .value("cgroup"), .flag("ignore-paused"),
            .value("exit-event"), .value("timeout"), .value("detach-keys"), .value("preserve-fd"),
        ]

    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: names, stopsAtOperand: true)
        try parsed.requireOperands(1...Int.max, of: "exec")
        let preserved = try PreservedDescriptors.count(parsed, after: 0)
        let kept = try PreservedDescriptors.list(parsed.value("preserve-fd"))
        try SelfProtection.ensure(
            closingFrom: 3 + preserved,
            keeping: kept + (inheritedDescriptor(parsed.value("process")).map { [$0] } ?? []))
        let container = try RecordedContainer(parsed.operands[0], in: global.root)
        var request = Exec.Request(
            container: container, process: try ExecProcess.read(parsed, in: container))
        request.preservedDescriptors = preserved
        request.keptDescriptors = kept
        request.ignoresPause = try parsed.has("ignore-paused")
        let timeout = try parsed.number("timeout").map { CInt(clamping: $0) }
        let exitEvent = try parsed.value("exit-event").map { text throws(Problem) in
            try ExitEvent(json: Array(text.utf8), named: "--exit-event")
        }
        let keys = try parsed.value("detach-keys").map(detachKeys)
        request.cgroup = try ExecCgroup(parsed.values("cgroup"))
        let isDetached = try parsed.has("detach")
        let handover = try Handover.prepare(
            parsed, isDetached: isDetached, hasTerminal: request.process.terminal)
        let foreground = isDetached ? nil : try Foreground(reapsOrphans: false)
        var attendant: Attendant?
        switch foreground {
        case .some(let foreground) where keys != nil && request.process.terminal:
            switch try Attendant.begin(foreground.signals) {
            case .command(let exitCode): return exitCode
            case .attendant(let own): attendant = own
            }
        default: break
        }
        var program = try Exec.run(request)
        // So that the end of a pipe is seen when the program closes it.
        for number in kept { _ = OwnedFD(adopting: number) }
        let warnings = program.warnings
        for warning in warnings { global.log.warn(warning) }
        var terminal: OwnedFD?
        do throws(Problem) {
            let master = program.consoleMaster.take()
            terminal = try handover.deliver(program.process, as: "setns", terminal: master)
        } catch {
            throw program.takeBack(after: error)
        }
        guard let foreground else { return 0 }
        let deadline = Deadline(inMilliseconds: timeout)
        let status: ExitStatus
        if let keys, let attendant, let terminal = terminal.take() {
            status = try foreground.wait(
                for: program.process, terminal: terminal, leavingBy: keys, to: attendant,
                until: deadline)
        } else {
            status = try foreground.wait(
                for: program.process, terminal: terminal, notify: nil, until: deadline)
        }
        exitEvent?.tell(exitCode: status.code)
        return status.code
    }

    /// Bytes as numbers with commas between them.
    private static func detachKeys(_ text: String) throws(Problem) -> [UInt8] {
        let bytes = text.split(separator: ",").map { UInt8($0) }
        guard !bytes.isEmpty, !bytes.contains(nil) else {
            throw Problem(
                kind: .invalid, what: "cannot use --detach-keys \(text)",
                why: "it is no list of bytes", fix: "write numbers: 16,17")
        }
        return bytes.compactMap(\.self)
    }

    /// The descriptor that a path stands for, as an engine or a shell's `<(…)` passes a file.
    private static func inheritedDescriptor(_ path: String?) -> CInt? {
        guard let path else { return nil }
        for directory in ["/proc/self/fd/", "/dev/fd/"] where path.hasPrefix(directory) {
            return CInt(path.dropFirst(directory.count))
        }
        return nil
    }
}
