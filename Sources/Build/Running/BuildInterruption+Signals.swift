package import Diagnostics
import Glibc
import Linux
import Storage

extension BuildInterruption {
    /// Ends the build in good order with the first signal that asks for its end, and the program
    /// at once with the second.
    ///
    /// To be called before the build has threads: the signals are blocked in all of them.
    package func tripOnSignals() throws(Problem) {
        let numbers = [SIGHUP, SIGINT, SIGTERM, SIGQUIT]
        try asking("cannot watch for signals") { () throws(SystemCallError) in
            _ = try setSignalMask(numbers.reduce(0) { $0 | Signal(rawValue: $1).maskBit })
        }
        _ = try WorkerThread {
            var awaited = sigset_t()
            sigemptyset(&awaited)
            for number in numbers { sigaddset(&awaited, number) }
            var number: CInt = 0
            while sigwait(&awaited, &number) != 0 {}
            self.trip()
            while sigwait(&awaited, &number) != 0 {}
            _exit(128 + number)
        }
    }
}
