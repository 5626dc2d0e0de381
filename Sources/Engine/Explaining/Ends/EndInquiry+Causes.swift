import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// From the record of a run's end to its causes.
extension EndInquiry {
    /// Why a run ended.
    func endCauses(_ run: EndedRun) throws(Problem) -> [Cause] {
        var causes = memoryCauses(run) + kernelCauses(run)
        if let sent = decisiveSignal(of: run) {
            causes.append(try cause(of: sent, run))
        } else if causes.isEmpty, let signal = run.end.signal {
            causes.append(try signalCause(signal, run))
        } else if causes.isEmpty, run.exitCode != 0 {
            causes.append(try exitCause(run))
        }
        if run.isLast { causes += try healthCauses() }
        guard let error = run.error else { return causes }
        if causes.isEmpty {
            causes.append(Cause(.exitCode, "its monitor noted: \(error)"))
        } else if !causes[0].what.contains(error) {
            causes[0].evidence.append("its monitor noted: \(error)")
        }
        return causes
    }

    /// The last signal of the monitor's that can have ended the run.
    private func decisiveSignal(of run: EndedRun) -> ContainerEnd.SentSignal? {
        let asked = run.end.sent.filter { $0.reason != .passed || $0.signal == run.end.signal }
        guard let signal = run.end.signal else { return asked.last }
        return asked.last { $0.signal == signal }
    }

    // MARK: The kernel

    private func memoryCauses(_ run: EndedRun) -> [Cause] {
        guard let memory = run.end.memory else { return [] }
        let kill = run.end.kernel.lazy.reversed().compactMap { verdict in
            if case .outOfMemory(let kill) = verdict { kill } else { nil }
        }.first
        var evidence = ["the kernel has killed \(memory.kills) of its processes (oom_kill)"]
        if let limit = memory.limitInBytes {
            evidence.append("its own limit: \(limit) bytes (--memory)")
        }
        if let peak = memory.peakInBytes { evidence.append("used at most: \(peak) bytes") }
        var victim = "a process of it"
        if let kill {
            victim = "process \(kill.process) (\(kill.name))"
            evidence.append(
                kill.process == run.pid
                    ? "that was its first process"
                    : "that was not its first process, process \(run.pid), which ended with "
                        + ExitCodeText.words(run.exitCode))
        }
        let own = record.request.resources.memoryInBytes
        return [
            Cause(
                .outOfMemory,
                "the kernel killed \(victim) because memory ran out: \(shortage(kill, memory))",
                evidence: evidence, fix: memoryFix(own, kill))
        ]
    }

    /// Which limit was reached.
    private func shortage(
        _ kill: KernelVerdict.OutOfMemoryKill?, _ memory: ContainerEnd.MemoryUse
    ) -> String {
        guard let kill else {
            return memory.limitInBytes == nil
                ? "the machine's, or that of a cgroup above" : "the container's limit was reached"
        }
        guard let cgroup = kill.limitingCgroup else { return "the machine had none left" }
        if cgroup.hasSuffix(record.id) { return "the container's limit was reached" }
        return "the limit of \(cgroup) was reached, a cgroup above the container's"
    }

    private func memoryFix(_ own: Int64?, _ kill: KernelVerdict.OutOfMemoryKill?) -> String {
        if let cgroup = kill?.limitingCgroup, !cgroup.hasSuffix(record.id) {
            return "raise the limit of \(cgroup), or use less memory in what is below it"
        }
        guard let own else {
            return "limit what needs so much: kade update --memory 512m \(record.name); or give the"
                + " machine more"
        }
        return "give it more: kade update --memory \(own * 2) --memory-swap \(own * 4) "
            + "\(record.name); or let the program use less"
    }

    private func kernelCauses(_ run: EndedRun) -> [Cause] {
        run.end.kernel.compactMap { verdict -> Cause? in
            switch verdict {
            case .outOfMemory: return nil
            case .seccomp(let process, let call, let architecture):
                let table = SyscallArchitecture.allCases.first { $0.auditNumber == architecture }
                let name =
                    table.flatMap { SyscallTable.shared.name(of: call, on: $0) } ?? "\(call)"
                return Cause(
                    .seccomp, "its filter of system calls ended it: it called \(name)",
                    evidence: [
                        "the kernel's log: process \(process), system call \(call)",
                        "the filter: kade explain --only seccomp \(record.name)",
                    ],
                    fix: "let the profile allow \(name): --security-opt seccomp=FILE, or use the"
                        + " usual one")
            case .fault(_, let text):
                return Cause(
                    .fault, "the program made a mistake that the processor caught",
                    evidence: ["the kernel's log: \(text)"],
                    fix: "it is the program's: have it leave a memory image (--ulimit core=-1), or"
                        + " run it under a debugger")
            }
        }
    }

    // MARK: Signals

    private func cause(
        of sent: ContainerEnd.SentSignal, _ run: EndedRun
    ) throws(Problem) -> Cause {
        let name = Signal(rawValue: sent.signal).name
        var evidence = ["\(name) at \(sent.time)"]
        if let client = sent.client {
            evidence.append(
                "asked by process \(client.process) of user \(client.user): \(client.command)")
        }
        if run.end.signal == nil {
            evidence.append(
                "it took the signal and ended by itself: \(ExitCodeText.words(run.exitCode))")
        }
        switch sent.reason {
        case .stop:
            return Cause(
                .stopped, "a command asked for its end with \(name)", evidence: evidence)
        case .passed:
            return Cause(
                .stopped, "a command that followed it passed \(name) on", evidence: evidence)
        case .patience:
            let first = run.end.sent.first { $0.reason != .patience }
            let asked = first.map { Signal(rawValue: $0.signal).name } ?? "the stop signal"
            return Cause(
                .patience,
                "it was asked to end with \(asked), had not when the time was over, and got \(name)",
                evidence: evidence,
                fix: "let the program handle \(asked): as process 1 it ignores it otherwise. --init"
                    + " puts a small init before it; --stop-signal names another signal, and"
                    + " --stop-timeout gives more time")
        case .timeLimit:
            let limit = record.request.timeLimitInSeconds.map { " of \($0) s" } ?? ""
            return Cause(
                .timeLimit, "its time\(limit) was over (--timeout)", evidence: evidence,
                fix: "give it more: --timeout")
        case .unhealthy:
            return Cause(
                .unhealthy, "its health checks failed, and it was ended for that with \(name)",
                evidence: evidence,
                fix: "see what the checks say; --health-on-failure none leaves it alone")
        case .machine:
            return Cause(
                .lost, "its monitor was told to end, as when the machine goes down",
                evidence: evidence, fix: "kade start \(record.name)")
        case .layers:
            return Cause(
                .layers, "layers of its image could not be fetched: \(run.error ?? "")",
                evidence: evidence, fix: "kade pull \(record.image)")
        }
    }

    /// A signal that the monitor did not send.
    private func signalCause(_ signal: Int32, _ run: EndedRun) throws(Problem) -> Cause {
        let name = Signal(rawValue: signal).name
        if let time = try killedByCommand(signal, run) {
            return Cause(
                .stopped, "kade kill sent it \(name)", evidence: ["\(name) at \(time.rfc3339)"])
        }
        if signal == 31 {
            return Cause(
                .seccomp, "its filter of system calls ended it",
                evidence: ["the kernel's log does not say for which call"],
                fix: "kade explain --only seccomp \(record.name)")
        }
        var evidence = ["nobody sent it by Kade"]
        if signal == 9 {
            evidence.append("the kernel counts no process of it killed for want of memory")
        }
        return Cause(
            .signal, "\(name) ended it: \(ExitCodeText.meaning(signal))", evidence: evidence,
            fix: try [4, 6, 7, 8, 11].contains(signal)
                ? logAdvice()
                : "look for who may have: a process inside, or one of the machine with the rights"
                    + " to it")
    }

    /// Whether `kade kill` sent a signal during the run, and when.
    private func killedByCommand(
        _ signal: Int32, _ run: EndedRun
    ) throws(Problem) -> Timestamp? {
        guard let start = run.startedAt else { return nil }
        var query = EventQuery()
        query.since = start
        query.until = .now
        try query.addFilter("event", "kill")
        try query.addFilter("container", record.id)
        var time: Timestamp?
        try SystemService(context: context).events(query) { event in
            guard event.attributes["signal"] == "\(signal)" else { return }
            time = Timestamp(nanosecondsSinceEpoch: event.nanosecondsSinceEpoch)
        }
        return time
    }

    // MARK: Exit codes

    private func exitCause(_ run: EndedRun) throws(Problem) -> Cause {
        let last = run.isLast ? try lastWords() : LastWords()
        let evidence = last.evidence
        switch run.exitCode {
        case 126, 127:
            return Cause(
                .exitCode,
                "its program ended with \(ExitCodeText.words(run.exitCode)), as shells say it",
                evidence: evidence,
                fix: "look for the command that is missing in the image, or not executable")
        case 129...192:
            let signal = Signal(rawValue: run.exitCode - 128)
            return Cause(
                .exitCode,
                "its program ended with \(run.exitCode), as shells do whose command \(signal.name)"
                    + " has ended: \(ExitCodeText.meaning(signal.rawValue))",
                evidence: evidence, fix: try logAdvice())
        default:
            return Cause(
                .exitCode, "its program ended by itself with \(ExitCodeText.words(run.exitCode))",
                evidence: evidence,
                fix: try last.isSilent
                    ? "it wrote nothing: look at what its documentation says of this code"
                    : logAdvice())
        }
    }

    // MARK: Health

    /// What the failed checks said.
    func healthCauses() throws(Problem) -> [Cause] {
        guard let health = try context.health(of: record), health.status == .unhealthy else {
            return []
        }
        let failed = health.log.filter { $0.exitCode != 0 }.suffix(3)
        return [
            Cause(
                .unhealthy,
                "its health check failed \(health.failingStreak) times in a row: "
                    + record.request.health.test.joined(separator: " "),
                evidence: failed.map { result in
                    let output = result.output.split(separator: "\n").joined(separator: " / ")
                    let code =
                        result.exitCode == -1 ? "took too long" : "exit code \(result.exitCode)"
                    return "\(result.end): \(code)" + (output.isEmpty ? "" : ": \(output)")
                }, fix: "try it by hand: kade exec \(record.name) …")
        ]
    }
}
