import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The process that `exec` runs.
enum ExecProcess {
    static let names: [OptionName] = [
        .value("cwd"), .value("env", "e"), .flag("tty", "t"), .value("user", "u"),
        .value("additional-gids", "g"), .value("process", "p"), .value("process-label"),
        .value("apparmor"), .flag("no-new-privs"), .value("cap", "c"),
    ]

    /// The program: from a file, or the container's own process with what the options change.
    static func read(
        _ parsed: ParsedArguments, in container: RecordedContainer
    ) throws(Problem) -> RuntimeSpec.Process {
        if let file = parsed.value("process") {
            let bytes = try explaining("cannot read \(file)") { () throws(SystemCallError) in
                try File.read(FilePath(file))
            }
            return try RuntimeSpec.Process(json: bytes, named: file)
        }
        var process = container.process
        process.args = Array(parsed.operands.dropFirst())
        guard !process.args.isEmpty else {
            throw Problem(
                kind: .invalid, what: "exec: wrong number of arguments",
                why: "process args cannot be empty", fix: "name a program after the container")
        }
        process.terminal = try parsed.has("tty")
        process.consoleSize = nil
        if let directory = parsed.text("cwd") { process.cwd = directory }
        process.env += parsed.values("env")
        if try parsed.has("no-new-privs") { process.noNewPrivileges = true }
        if let profile = parsed.text("apparmor") { process.apparmorProfile = profile }
        if let label = parsed.text("process-label") { process.selinuxLabel = label }
        try change(&process.user, parsed)
        add(parsed.values("cap"), to: &process)
        return process
    }

    private static func change(
        _ user: inout RuntimeSpec.User, _ parsed: ParsedArguments
    ) throws(Problem) {
        if let text = parsed.text("user") {
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

    /// Adds capabilities: also to the sets that a program inherits, where the container has some.
    private static func add(_ names: [String], to process: inout RuntimeSpec.Process) {
        guard !names.isEmpty else { return }
        var sets = process.capabilities ?? RuntimeSpec.Capabilities()
        sets.bounding += names
        sets.effective += names
        sets.permitted += names
        if !sets.inheritable.isEmpty {
            sets.inheritable += names
            sets.ambient += names
        }
        process.capabilities = sets
    }
}
