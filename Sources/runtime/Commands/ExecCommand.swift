import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// `kade-runtime exec`: runs one more program inside a container.
enum ExecCommand {
    private static let names: [OptionName] = [
        .value("console-socket"), .value("pidfd-socket"), .value("cwd"), .value("env", "e"),
        .flag("tty", "t"), .value("user", "u"), .value("additional-gids", "g"),
        .value("process", "p"), .flag("detach", "d"), .value("pid-file"),
        .value("process-label"), .value("apparmor"), .flag("no-new-privs"), .value("cap", "c"),
        .value("preserve-fds"), .value("cgroup"), .flag("ignore-paused"),
    ]

    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: names, stopsAtOperand: true)
        try parsed.requireOperands(1...Int.max, of: "exec")
        for name in ["pidfd-socket", "cgroup"] where parsed.value(name) != nil {
            throw Problem(
                kind: .unsupported, what: "--\(name)",
                why: "this version of Kade does not have it yet")
        }
        let preserved = try parsed.preservedDescriptors()
        try SelfProtection.ensure(
            closingFrom: 3 + preserved, except: inheritedDescriptor(parsed.value("process")))
        let id = parsed.operands[0]
        var request = Exec.Request(
            id: id, root: global.root, process: try process(parsed, id, global.root))
        request.preservedDescriptors = preserved
        request.ignoresPause = try parsed.has("ignore-paused")
        let isDetached = try parsed.has("detach")
        let console = try console(
            parsed, isDetached: isDetached, hasTerminal: request.process.terminal)
        let foreground = isDetached ? nil : try Foreground(reapsOrphans: false)
        var program = try Exec.run(request)
        try writePIDFile(parsed.value("pid-file").map { FilePath($0) }, program.process.id)
        for warning in program.warnings { global.log.warn(warning) }
        let terminal = program.consoleMaster.take()
        guard let foreground else {
            guard let terminal else { return 0 }
            switch console {
            case .some(let console): try console.send(terminal)
            case .none: preconditionFailure("a terminal without a console socket was refused")
            }
            return 0
        }
        return try foreground.wait(for: program.process, terminal: terminal).code
    }

    /// The descriptor that a path stands for, as an engine or a shell's `<(…)` passes a file.
    private static func inheritedDescriptor(_ path: String?) -> CInt? {
        guard let path else { return nil }
        for directory in ["/proc/self/fd/", "/dev/fd/"] where path.hasPrefix(directory) {
            return CInt(path.dropFirst(directory.count))
        }
        return nil
    }

    private static func console(
        _ parsed: ParsedArguments, isDetached: Bool, hasTerminal: Bool
    ) throws(Problem) -> ConsoleSocket? {
        guard let path = parsed.value("console-socket") else {
            guard !(isDetached && hasTerminal) else {
                throw Problem(
                    kind: .invalid, what: "cannot allocate tty",
                    why:
                        "the runtime detaches, and a terminal is asked for without --console-socket",
                    fix: "name a socket that takes the terminal")
            }
            return nil
        }
        guard isDetached, hasTerminal else {
            throw Problem(
                kind: .invalid, what: "cannot use console socket",
                why: "the runtime does not detach, or no terminal is asked for",
                fix: "leave --console-socket out")
        }
        return try ConsoleSocket(FilePath(path))
    }

    /// The program: from a file, or the container's own process with what the options change.
    private static func process(
        _ parsed: ParsedArguments, _ id: String, _ root: RuntimeRoot
    ) throws(Problem) -> RuntimeSpec.Process {
        if let file = parsed.value("process") {
            let bytes = try explaining("cannot read \(file)") { () throws(SystemCallError) in
                try File.read(FilePath(file))
            }
            return try RuntimeSpec.Process(json: bytes, named: file)
        }
        var process = try Exec.process(of: id, in: root)
        process.args = Array(parsed.operands.dropFirst())
        guard !process.args.isEmpty else {
            throw Problem(
                kind: .invalid, what: "exec: wrong number of arguments",
                why: "process args cannot be empty", fix: "name a program after the container")
        }
        process.terminal = try parsed.has("tty")
        process.consoleSize = nil
        if let directory = parsed.value("cwd") { process.cwd = directory }
        process.env += parsed.values("env")
        if try parsed.has("no-new-privs") { process.noNewPrivileges = true }
        if let profile = parsed.value("apparmor") { process.apparmorProfile = profile }
        if let label = parsed.value("process-label") { process.selinuxLabel = label }
        try change(&process.user, parsed)
        add(parsed.values("cap"), to: &process)
        return process
    }

    private static func change(
        _ user: inout RuntimeSpec.User, _ parsed: ParsedArguments
    ) throws(Problem) {
        if let text = parsed.value("user") {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.map { UInt32($0) }
            guard (1...2).contains(parts.count), let uid = numbers[0], let gid = numbers.last,
                gid != nil
            else {
                throw Problem(
                    kind: .invalid, what: "invalid user \"\(text)\"", why: "it is UID or UID:GID",
                    fix: "use numbers")
            }
            user.uid = uid
            if parts.count == 2 { user.gid = gid ?? user.gid }
        }
        for text in parsed.values("additional-gids") {
            guard let gid = UInt32(text) else {
                throw Problem(
                    kind: .invalid, what: "invalid additional group \"\(text)\"",
                    why: "it is a number")
            }
            user.additionalGids.append(gid)
        }
    }

    /// Adds capabilities as runc does: to all sets but the ambient one.
    private static func add(_ names: [String], to process: inout RuntimeSpec.Process) {
        guard !names.isEmpty else { return }
        var sets = process.capabilities ?? RuntimeSpec.Capabilities()
        sets.bounding += names
        sets.effective += names
        sets.permitted += names
        sets.inheritable += sets.inheritable.isEmpty ? [] : names
        process.capabilities = sets
    }
}
