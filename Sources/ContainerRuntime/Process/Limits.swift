import Diagnostics
import Linux
import OCI
import SystemPackage

/// A limit of the program's resources: `process.rlimits` (getrlimit(2)).
struct SetResourceLimit: SetupStep {
    let limit: RuntimeSpec.Rlimit

    var explanation: Explanation {
        let option = limit.type.rawValue.dropFirst("RLIMIT_".count).lowercased()
        return Explanation(
            shell: "prlimit --pid $pid --\(option)=\(limit.soft):\(limit.hard)",
            why: "the program may use this much of the resource", spec: "process.rlimits")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let kind = ResourceLimit(rawValue: limit.type.rawValue) else {
            throw Problem(
                kind: .unsupported, what: "cannot set \(limit.type.rawValue)",
                why: "this version of Kade does not know the limit")
        }
        let process = context.initProcessID ?? 0
        do throws(SystemCallError) {
            try kind.set(soft: limit.soft, hard: limit.hard, of: process)
        } catch  where error.errno == .notPermitted {
            throw Problem(
                kind: .denied, what: "cannot set \(kind.rawValue) to \(limit.hard)",
                why: Self.refusal(kind, of: process),
                fix: "ask for less in process.rlimits", cause: error)
        } catch {
            throw Problem(
                what: "cannot set \(kind.rawValue) to \(limit.soft):\(limit.hard)", refusal: error,
                fix: "the soft limit may not be above the hard one")
        }
    }

    private static func refusal(_ kind: ResourceLimit, of process: CInt) -> String {
        do throws(SystemCallError) {
            let highest = try kind.hardLimit(of: process)
            return "it is above the runtime's own hard limit of \(highest), "
                + "and the runtime has no CAP_SYS_RESOURCE to raise that"
        } catch {
            return "\(error.call) \(error.subject): \(error.errno)"
        }
    }
}

/// How readily the kernel kills the program when memory runs out: `process.oomScoreAdj`
/// (`/proc/<pid>/oom_score_adj`).
struct SetOOMScore: SetupStep {
    let score: Int

    var explanation: Explanation {
        Explanation(
            shell: "echo \(score) > /proc/$pid/oom_score_adj",
            why: "how readily the kernel kills the program when memory runs out",
            spec: "process.oomScoreAdj")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let path = context.initProcessID.map { "\($0)/oom_score_adj" } ?? "self/oom_score_adj"
        do throws(SystemCallError) {
            try File.write("\(score)", into: FilePath("/proc/" + path))
        } catch  where error.errno == .permissionDenied {
            throw Problem(
                kind: .denied, what: "cannot set oom_score_adj to \(score)",
                why: "it is below the runtime's own, and the runtime has no CAP_SYS_RESOURCE",
                fix: "choose a higher process.oomScoreAdj", cause: error)
        } catch {
            throw Problem(what: "cannot set oom_score_adj to \(score)", refusal: error)
        }
    }
}

/// When the kernel gives the program time: `process.scheduler` (sched_setattr(2)).
struct SetScheduler: SetupStep {
    let scheduler: RuntimeSpec.Scheduler

    var explanation: Explanation {
        let policy = scheduler.policy.rawValue.dropFirst("SCHED_".count).lowercased()
        return Explanation(
            shell: "chrt --\(policy) --pid \(scheduler.priority ?? 0) $$",
            why: "when the kernel gives the program time", spec: "process.scheduler")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot set the scheduling policy \(scheduler.policy.rawValue)") {
            () throws(SystemCallError) in
            try SchedulingAttributes(scheduler).apply()
        }
    }
}

extension SchedulingAttributes {
    init(_ scheduler: RuntimeSpec.Scheduler) {
        let policy: UInt32 =
            switch scheduler.policy {
            case .other: 0
            case .fifo: 1
            case .roundRobin: 2
            case .batch: 3
            case .iso: 4
            case .idle: 5
            case .deadline: 6
            }
        let flags = scheduler.flags.map { flag -> UInt64 in
            switch flag {
            case .resetOnFork: 0x01
            case .reclaim: 0x02
            case .deadlineOverrun: 0x04
            case .keepPolicy: 0x08
            case .keepParameters: 0x10
            case .clampMinimum: 0x20
            case .clampMaximum: 0x40
            }
        }
        self.init(
            policy: policy, flags: flags.reduce(0, |), nice: scheduler.nice ?? 0,
            priority: UInt32(bitPattern: scheduler.priority ?? 0),
            runtimeInNanoseconds: scheduler.runtime ?? 0,
            deadlineInNanoseconds: scheduler.deadline ?? 0,
            periodInNanoseconds: scheduler.period ?? 0)
    }
}

/// When the kernel serves the program's disk access: `process.ioPriority` (ioprio_set(2)).
struct SetIOPriority: SetupStep {
    let priority: RuntimeSpec.IOPriority

    private var number: Int32 {
        switch priority.class {
        case .realtime: 1
        case .bestEffort: 2
        case .idle: 3
        }
    }

    var explanation: Explanation {
        Explanation(
            shell: "ionice -c \(number) -n \(priority.priority) -p $$",
            why: "when the kernel serves the program's disk access", spec: "process.ioPriority")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot set the I/O priority \(priority.class.rawValue)") {
            () throws(SystemCallError) in
            try Linux.setIOPriority(class: number, level: Int32(clamping: priority.priority))
        }
    }
}

/// The execution domain: `linux.personality` (personality(2)).
struct SetPersonality: SetupStep {
    let domain: RuntimeSpec.Personality.Domain

    var explanation: Explanation {
        Explanation(
            shell: domain == .linux32 ? "setarch linux32" : "setarch linux64",
            why: "which machine uname(2) reports", spec: "linux.personality")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot set the personality \(domain.rawValue)") {
            () throws(SystemCallError) in
            try Linux.setPersonality(domain == .linux32 ? 0x0008 : 0x0000)
        }
    }
}
