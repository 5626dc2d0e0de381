import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// The container's state, and the process inside.
extension ContainerExplainer {
    func stateLines() throws(Problem) -> [ExplainedLine] {
        var lines = [
            ExplainedLine(
                "id", declared: record.id, why: "names it for as long as it exists",
                origin: "drawn by lot", command: "kade inspect \(record.name)"),
            ExplainedLine(
                "state", effective: status.state.statusText(at: .now),
                why: "what its monitor has noted, checked against the kernel", origin: "its life",
                command: status.lifecycle == nil
                    ? "kade inspect -f '{{.State.Status}}' \(record.name)"
                    : "cat \(context.configuration.bundle(of: record.id).lifecycle)"),
        ]
        if let process {
            lines.append(
                ExplainedLine(
                    "pid", effective: "\(process.pid)",
                    why: "its first process, as the machine numbers it", origin: "kade start",
                    command: "ps -fp \(process.pid)"))
        }
        if let monitor = status.lifecycle?.monitorPid, status.truth.isMonitorAlive {
            lines.append(
                ExplainedLine(
                    "monitor", effective: "\(monitor)",
                    why: "the process that holds its streams, log, ports and restart policy",
                    origin: "always", command: "ps -fp \(monitor)"))
        }
        lines.append(
            ExplainedLine(
                "restart", declared: request.restartPolicy.nameAndRetries.name,
                effective: status.lifecycle.map {
                    "\(request.restartPolicy.nameAndRetries.name); restarted \($0.restartCount) times"
                },
                why: "whether it runs again after its end",
                origin: request.restartPolicy == .no ? "default (--restart no)" : "--restart",
                command: "kade update --restart always \(record.name)"))
        if let health = try context.health(of: record) {
            lines.append(
                ExplainedLine(
                    "health", declared: request.health.test.joined(separator: " "),
                    effective: "\(health.status.rawValue), \(health.failingStreak) failed in a row",
                    why: "what the last checks have found",
                    origin: image?.healthcheck == nil
                        ? "--health-cmd" : "image field Healthcheck, or --health-cmd",
                    command: "kade healthcheck run \(record.name)"))
        }
        lines.append(
            ExplainedLine(
                "log", declared: request.logging.driver,
                why: "where what it writes to its standard output is kept",
                origin: request.logging.driver == "json-file"
                    ? "default (--log-driver json-file)" : "--log-driver \(request.logging.driver)",
                command: "kade logs \(record.name)"))
        return lines
    }

    func processLines() throws(Problem) -> [ExplainedLine] {
        let command = spec.process?.args ?? []
        var lines = [
            ExplainedLine(
                "command", declared: command.joined(separator: " "),
                effective: try process.map { process throws(Problem) in
                    try Self.text(of: process.pid, "cmdline").split(separator: "\0")
                        .joined(separator: " ")
                }, why: "the program, and what it is told", origin: commandOrigin,
                command: process.map { "tr '\\0' ' ' < /proc/\($0.pid)/cmdline" }
                    ?? "exec \(command.joined(separator: " "))"),
            ExplainedLine(
                "directory", declared: spec.process?.cwd ?? "/",
                why: "where the program begins",
                origin: origin(
                    "--workdir", request.process.workingDirectory, "WorkingDir", image?.workingDir),
                command: process.map { "readlink /proc/\($0.pid)/cwd" }
                    ?? "cd \(spec.process?.cwd ?? "/")"),
            ExplainedLine(
                "host name", declared: spec.hostname ?? "the machine's",
                why: "what it calls itself",
                origin: request.network.hostname.map { "--hostname \($0)" }
                    ?? "default (--hostname)",
                command: process.map { "nsenter --target \($0.pid) --uts hostname" }
                    ?? "hostname \(spec.hostname ?? "")"),
            ExplainedLine(
                "terminal", declared: spec.process?.terminal == true ? "yes" : "no",
                why: "whether it talks to a terminal, or to pipes",
                origin: request.process.hasTerminal ? "--tty" : "default (--tty)",
                command: process.map { "ls -l /proc/\($0.pid)/fd/1" } ?? "script"),
            ExplainedLine(
                "stop signal", declared: Signal(rawValue: request.stopSignalNumber).name,
                why: "what kade stop sends first",
                origin: origin(
                    "--stop-signal", request.stopSignal, "StopSignal", image?.stopSignal),
                command: "kade stop \(record.name)"),
            try scoreLine(),
        ]
        let secrets = try secretVariables()
        for variable in spec.process?.env ?? [] {
            let name = String(variable.prefix { $0 != "=" })
            lines.append(secrets[name] ?? variableLine(variable, name))
        }
        return lines
    }

    /// The lines of the variables that secrets are, by the variables' names; none has a value.
    private func secretVariables() throws(Problem) -> [String: ExplainedLine] {
        let variables = request.secretVariables
        guard !variables.isEmpty else { return [:] }
        let secrets = try context.database.read { database throws(Problem) in
            try database.secrets()
        }
        return Dictionary(
            uniqueKeysWithValues: variables.map { variable, id in
                let name = secrets.first { $0.id == id }?.name ?? id
                let line = ExplainedLine(
                    "$\(variable)", declared: "from secret \(name)",
                    why: "a variable of its environment, whose value is shown to it alone",
                    origin: "--secret \(name),type=env", command: "kade secret inspect \(name)")
                return (variable, line)
            })
    }

    private func variableLine(_ variable: String, _ name: String) -> ExplainedLine {
        ExplainedLine(
            "$\(name)", declared: String(variable.dropFirst(name.count + 1)),
            why: "a variable of its environment", origin: variableOrigin(variable, name),
            command: process.map { "tr '\\0' '\\n' < /proc/\($0.pid)/environ" }
                ?? "export \(variable)")
    }

    private func scoreLine() throws(Problem) -> ExplainedLine {
        let declared = spec.process?.oomScoreAdj ?? 0
        return ExplainedLine(
            "oom_score_adj", declared: "\(declared)",
            effective: try process.map { process throws(Problem) in
                String(try Self.text(of: process.pid, "oom_score_adj").prefix { $0 != "\n" })
            }, why: "how willing the kernel is to kill it when the machine's memory runs out",
            origin: declared == 0 ? "default (--oom-score-adj)" : "--oom-score-adj \(declared)",
            command: process?.show("oom_score_adj") ?? "echo \(declared) > /proc/self/oom_score_adj"
        )
    }

    private var commandOrigin: String {
        let entry = request.process.entrypoint ?? []
        var parts: [String] = []
        if !entry.isEmpty {
            parts.append(entry == image?.entrypoint ? "image field Entrypoint" : "--entrypoint")
        }
        if let command = request.command, !command.isEmpty {
            parts.append(command == image?.cmd ? "image field Cmd" : "command line")
        }
        if request.process.hasInit { parts.append("--init") }
        return parts.joined(separator: ", ")
    }

    /// The flag of a value, or the image's field where that says the same.
    private func origin(
        _ flag: String, _ value: String?, _ field: String, _ imageValue: String?
    ) -> String {
        guard let value, !value.isEmpty else { return "default (\(flag))" }
        return value == imageValue ? "image field \(field): \(value)" : "\(flag) \(value)"
    }

    private func variableOrigin(_ variable: String, _ name: String) -> String {
        if image?.env.contains(variable) == true { return "image field Env" }
        if request.process.environment.contains(variable) { return "--env \(name)" }
        return "default"
    }
}
