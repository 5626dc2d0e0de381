import Diagnostics
import Linux
import OCI

/// Resource limits of processes (getrlimit(2)).
extension ContainerExplainer {
    func limitLines() throws(Problem) -> [ExplainedLine] {
        let declared = spec.process?.rlimits ?? []
        guard let process else {
            guard !declared.isEmpty else {
                return [
                    ExplainedLine(
                        "all", declared: "those of whoever starts it", why: "none was set",
                        origin: "default (--ulimit)", command: "ulimit -a")
                ]
            }
            return declared.map { limit in
                line(of: Self.kinds.first { $0.flag == limit.type.flagName }, limit, nil)
            }
        }
        let text = try Self.text(of: process.pid, "limits")
        return EffectiveLimit.all(in: text).map { limit in
            let kind = Self.kinds.first { $0.name == limit.name }
            let asked = declared.first { $0.type.flagName == kind?.flag }
            return line(of: kind, asked, limit)
        }
    }

    private func line(
        of kind: LimitKind?, _ asked: RuntimeSpec.Rlimit?, _ effective: EffectiveLimit?
    ) -> ExplainedLine {
        let flag = kind?.flag ?? ""
        func words(_ value: UInt64) -> String { value == .max ? "unlimited" : "\(value)" }
        return ExplainedLine(
            kind?.flag ?? effective?.name ?? "",
            declared: asked.map { "\(words($0.soft)) (at most \(words($0.hard)))" },
            effective: effective.map { "\($0.soft) (at most \($0.hard))" },
            why: (kind?.why ?? "a limit of this kernel")
                + (effective.map { $0.unit.isEmpty ? "" : ", in \($0.unit)" } ?? ""),
            origin: asked.map {
                "--ulimit \(flag)=\($0.soft == .max ? -1 : Int64(clamping: $0.soft)):"
                    + "\($0.hard == .max ? -1 : Int64(clamping: $0.hard))"
            } ?? "inherited from whoever started it (--ulimit \(flag))",
            command: process.map { "prlimit --pid \($0.pid) --\(flag)" }
                ?? "prlimit --\(flag)=SOFT:HARD")
    }

    /// A limit by its names: of `/proc/PID/limits`, and of `--ulimit` and prlimit(1).
    private struct LimitKind {
        let name: String
        let flag: String
        let why: String
    }

    private static let kinds = [
        LimitKind(
            name: "Max cpu time", flag: "cpu", why: "processor time, then SIGXCPU and SIGKILL"),
        LimitKind(name: "Max file size", flag: "fsize", why: "how large a file it may write"),
        LimitKind(name: "Max data size", flag: "data", why: "memory for data"),
        LimitKind(name: "Max stack size", flag: "stack", why: "the stack of its first thread"),
        LimitKind(
            name: "Max core file size", flag: "core", why: "the memory image that a crash leaves"),
        LimitKind(name: "Max resident set", flag: "rss", why: "nothing since Linux 2.4.30"),
        LimitKind(
            name: "Max processes", flag: "nproc", why: "processes of this user on the machine"),
        LimitKind(name: "Max open files", flag: "nofile", why: "open files of one process"),
        LimitKind(
            name: "Max locked memory", flag: "memlock", why: "memory that is never swapped out"),
        LimitKind(name: "Max address space", flag: "as", why: "virtual memory of one process"),
        LimitKind(name: "Max file locks", flag: "locks", why: "nothing since Linux 2.4.25"),
        LimitKind(
            name: "Max pending signals", flag: "sigpending", why: "signals that wait for this user"),
        LimitKind(
            name: "Max msgqueue size", flag: "msgqueue", why: "POSIX message queues of this user"),
        LimitKind(
            name: "Max nice priority", flag: "nice", why: "how far it may raise its priority"),
        LimitKind(
            name: "Max realtime priority", flag: "rtprio", why: "the highest real-time priority"),
        LimitKind(
            name: "Max realtime timeout", flag: "rttime",
            why: "real-time processor time without a pause"),
    ]
}

extension RuntimeSpec.Rlimit.Kind {
    /// The name of `--ulimit`.
    fileprivate var flagName: String {
        rawValue.dropFirst("RLIMIT_".count).lowercased()
    }
}
