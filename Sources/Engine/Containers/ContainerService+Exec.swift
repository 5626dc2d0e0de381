import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerService {
    /// What to become to run a further process in a running container.
    ///
    /// The process is described in a file in memory that the caller's `execve(2)` passes on. In a
    /// plan there is nothing to become.
    package func exec(
        in name: String, _ request: ExecRequest
    ) throws(Problem) -> PreparedProgram? {
        let record = try context.record(of: name)
        let pid: Int32
        switch try context.settledStatus(of: record, restarting: true).state {
        case .running(let running, _): pid = running
        case .paused:
            throw Problem(
                kind: .conflict, what: "cannot exec in container \(name)",
                why: "container \(record.id) is paused, unpause the container before exec",
                fix: "kade unpause \(name)")
        default:
            throw Problem(
                kind: .conflict, what: "cannot exec in container \(name)",
                why: "container \(record.id) is not running", fix: "kade start \(name)")
        }
        guard !request.command.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot exec in container \(name)",
                why: "No exec command specified")
        }
        let process = try context.whileRunning(record, what: "cannot exec in container \(name)") {
            () throws(Problem) in try context.execProcess(request, in: record, pid: pid)
        }
        if let plan = context.plan {
            try context.planExec(
                of: process, passing: request.descriptors, in: record, noting: plan)
            return nil
        }
        let file = try explaining("cannot describe the process to run") {
            () throws(SystemCallError) -> CInt in
            let file = try OwnedFD.memory(named: "process.json")
            try file.writeAll(process.json())
            try file.setCloseOnExec(false)
            return file.release()  // the program that the caller becomes reads it
        }
        let program = context.configuration.runtimeProgram.string
        var arguments = [
            program, "--root", context.configuration.runtimeRoot.string, "exec", "--process",
            "/proc/self/fd/\(file)",
        ]
        let id = Random.hexadecimal(bytes: 32)
        context.tell(.execCreate(request.command), of: record, ["execID": id])
        context.tell(.execStart(request.command), of: record, ["execID": id])
        if request.isDetached {
            arguments.append("--detach")
        } else {
            if !request.detachKeys.isEmpty, request.process.hasTerminal {
                let keys = request.detachKeys.map { "\($0)" }.joined(separator: ",")
                arguments += ["--detach-keys", keys]
            }
            arguments += ["--exit-event", context.exitEvent(of: record, execID: id).jsonString()]
        }
        if !request.descriptors.isEmpty {
            arguments += [
                "--preserve-fd", request.descriptors.map { "\($0)" }.joined(separator: ","),
            ]
            try explaining("cannot pass descriptors on") { () throws(SystemCallError) in
                // A helper may have been kept from inheriting them.
                for number in request.descriptors { try passOn(number) }
            }
        }
        return PreparedProgram(path: program, arguments: arguments + [record.id])
    }
}

extension EngineContext {
    /// What the runtime tells of at the end of an exec that it waits for.
    fileprivate func exitEvent(of record: ContainerRecord, execID: String) -> ExitEvent {
        ExitEvent(
            directory: eventLog.directory.string, container: record.id,
            attributes: record.eventAttributes.merging(["execID": execID]) { $1 })
    }

    /// The process of an exec: the container's own surroundings with what the request changes.
    fileprivate func execProcess(
        _ request: ExecRequest, in record: ContainerRecord, pid: Int32
    ) throws(Problem) -> RuntimeSpec.Process {
        let container = record.request
        let bundle = configuration.bundle(of: record.id)
        let bytes = try explaining("cannot read \(bundle.spec)") {
            () throws(SystemCallError) in try File.read(bundle.spec)
        }
        guard let own = try RuntimeSpec(json: bytes, named: bundle.spec.string).process else {
            throw Problem(
                kind: .corrupt, what: "cannot read \(bundle.spec)", why: "it has no process")
        }
        let user = try execUser(
            request.process.user ?? container.process.user ?? "", container, pid: pid)
        var process = RuntimeSpec.Process(
            cwd: request.process.workingDirectory ?? container.process.workingDirectory ?? "/")
        process.terminal = request.process.hasTerminal
        process.args = request.command
        process.user = .init(uid: user.uid, gid: user.gid, additionalGids: user.additionalGroups)
        process.env = Self.execEnvironment(own.env, request, user, container)
        let names =
            request.isPrivileged
            ? Capability.allCases.map(\.name)
            : own.capabilities?.bounding ?? []
        let available = try specHost()
        let capabilities = names.filter { name in
            Capability(named: name).map { available.has($0) } ?? false
        }
        process.capabilities = SpecBuilder.capabilitySets(capabilities, uid: user.uid)
        process.noNewPrivileges = own.noNewPrivileges && !request.isPrivileged
        process.rlimits = own.rlimits
        process.apparmorProfile = request.isPrivileged ? nil : own.apparmorProfile
        process.oomScoreAdj = own.oomScoreAdj
        return process
    }

    /// The container's environment with another user's home, a terminal's type and `-e`.
    private static func execEnvironment(
        _ environment: [String], _ request: ExecRequest, _ user: ContainerUser,
        _ container: ContainerRequest
    ) -> [String] {
        var list = environment
        let setsHome = container.process.environment.contains { $0.hasPrefix("HOME=") }
        if !setsHome { list = overlaidEnvironment(list, with: ["HOME=\(user.home)"]) }
        if request.process.hasTerminal, !list.contains(where: { $0.hasPrefix("TERM=") }) {
            list.append("TERM=xterm")
        }
        return overlaidEnvironment(list, with: request.process.environment)
    }

    /// Looks a user up in the running container's own files.
    private func execUser(
        _ text: String, _ container: ContainerRequest, pid: Int32
    ) throws(Problem) -> ContainerUser {
        let users = try explaining("cannot read the container's users") {
            () throws(SystemCallError) in
            let root = try RootedDirectory(at: FilePath("/proc/\(pid)/root"))
            func text(_ path: FilePath) throws(SystemCallError) -> String {
                do throws(SystemCallError) {
                    let file = try root.open(path, .readOnly)
                    guard try FileStatus(of: file).kind == .file else { return "" }
                    return String(decoding: try file.readAll(), as: UTF8.self)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return ""
                }
            }
            return UserLookup(passwd: try text("/etc/passwd"), group: try text("/etc/group"))
        }
        return try users.user(text, additionalGroups: container.process.additionalGroups)
    }
}
