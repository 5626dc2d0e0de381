import Diagnostics
import Linux

/// Ends the program when the process that made it is killed (prctl(2), `PR_SET_PDEATHSIG`).
///
/// Whoever kills a monitor leaves a program whose output nobody reads and whose exit code nobody
/// learns. A program that changes its user or gains capabilities loses this; the engine's next
/// command ends it then.
struct EndWithMonitor: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "setpriv --pdeathsig KILL",
            why: "the container does not outlive the monitor that has its streams and exit code",
            spec: "")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot tie the container to its monitor") { () throws(SystemCallError) in
            try setParentDeathSignal(.kill)
        }
    }
}
