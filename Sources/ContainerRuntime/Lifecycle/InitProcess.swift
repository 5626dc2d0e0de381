import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// What the container's first process does between `clone3(2)` and `execve(2)`.
enum InitProcess {
    /// Runs init's phases and becomes the program; where that fails, tells the runtime and ends.
    ///
    /// It never returns.
    static func run(
        _ plan: ContainerPlan, in context: inout SetupContext, journal: borrowing StepJournal?,
        process: RuntimeSpec.Process?
    ) {
        context.isInit = true
        // As runc and crun: what the caller lets others do with its files is not the container's.
        setFileModeMask(0o022)
        do throws(Problem) {
            try plan.run(.settle, in: &context, journal: journal)
            try plan.run(.enter, in: &context, journal: journal)
            try plan.run(.launch, in: &context, journal: journal)
            if let process {
                context.failedStep = plan.steps.count  // what comes after them
                let problem = become(process, in: context)
                if let stepTeller = context.stepTeller {
                    let moment = Int64(clamping: monotonicNanoseconds() / 1000)
                    stepTeller.tell(
                        .ended(
                            .execution(
                                of: process.args, failed: problem.why, atMicroseconds: moment)))
                }
                throw problem
            }
        } catch {
            report(error, step: context.failedStep ?? -1, in: context)
        }
        _exit(1)
    }

    /// Executes the program that ``FindProgram`` found.
    ///
    /// - Returns: only when that fails, and why.
    static func become(
        _ process: RuntimeSpec.Process, in context: borrowing SetupContext
    ) -> Problem {
        let path = context.program ?? FilePath(process.args.first ?? "")
        let program = Program(
            arguments: process.args, environment: context.environment(of: process))
        return FindProgram.refusal(of: path, program.execute(at: path).errno)
    }

    /// Sends the error to the runtime or to `start`, or writes it to standard error when nobody
    /// listens.
    static func report(_ problem: Problem, step: Int, in context: borrowing SetupContext) {
        let message = HandshakeMessage.failed(step: step, problem)
        do throws(Problem) {
            if try context.send(message) { return }
        } catch {
            // The runtime is gone; standard error is what is left.
        }
        if context.isStarted, tellStarter(message, in: context) { return }
        let text = "kade-runtime: \(problem)\n"
        _ = text.withCString { write(2, $0, strlen($0)) }
    }

    private static func tellStarter(
        _ message: HandshakeMessage, in context: borrowing SetupContext
    ) -> Bool {
        switch context.startFifo {
        case .none: return false
        case .some(let fifo):
            // Standard error is left where it fails.
            return (try? fifo.writeAll(message.encoded)) != nil
        }
    }
}

extension SetupContext {
    /// The program's environment: the spec's, `HOME` where it has none, and `LISTEN_PID`.
    ///
    /// Of a variable that is set twice the last value holds, whichever the program would read.
    borrowing func environment(of process: RuntimeSpec.Process) -> [String] {
        var environment = lastOfEachName(process.env)
        if !environment.contains(where: { $0.hasPrefix("HOME=") }) {
            environment.append("HOME=\(home ?? "/")")
        }
        if environment.contains(where: { $0.hasPrefix("LISTEN_FDS=") }) {
            environment.removeAll { $0.hasPrefix("LISTEN_PID=") }
            environment.append("LISTEN_PID=\(getpid())")
        }
        return environment
    }

    /// Leaves the last value of each variable, in their order.
    ///
    /// Sorting compares bytes, as the program will, and does with few what a set does with many.
    private borrowing func lastOfEachName(_ environment: [String]) -> [String] {
        if environment.count < 2 { return environment }
        let names = environment.map { $0.utf8.prefix { $0 != UInt8(ascii: "=") } }
        let sorted = names.indices.sorted {
            let (left, right) = (names[$0], names[$1])
            return left.elementsEqual(right) ? $0 < $1 : left.lexicographicallyPrecedes(right)
        }
        var isLast = Array(repeating: true, count: names.count)
        for (place, next) in zip(sorted, sorted.dropFirst()) {
            isLast[place] = !names[place].elementsEqual(names[next])
        }
        return zip(environment, isLast).filter(\.1).map(\.0)
    }
}
