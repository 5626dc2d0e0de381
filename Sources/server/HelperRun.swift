import Diagnostics
import Glibc
import Linux
import Storage
import Unpacking

/// One command of kade-server from its start to its end, with its report as JSON lines.
///
/// It may end at any moment: nothing is in place before it is whole. So it ends when whoever reads
/// its lines does.
enum HelperRun {
    /// Does the work and ends the program.
    static func run(_ output: EventOutput, _ body: () throws(Problem) -> Void) -> Never {
        signal(SIGPIPE, SIG_IGN)
        returnFreedBuffers(from: transferBuffersInBytes)
        do throws(Problem) {
            _ = try WorkerThread {
                EventOutput.waitForReaderToLeave()
                _exit(1)
            }
            try body()
            exit(0)
        } catch {
            output.write(error)
            exit(1)
        }
    }
}
