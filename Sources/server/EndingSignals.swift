import Glibc
import Linux

/// SIGINT and SIGTERM of a program whose first thread waits for them while others work.
enum EndingSignals {
    /// Prepares the program before its threads begin.
    ///
    /// The signals are kept back from all threads, a peer that hangs up is an error of write(2) and
    /// no signal, and buffers of the network go back to the machine.
    ///
    /// - Returns: the signals, for sigwait(3).
    static func prepare() -> sigset_t {
        signal(SIGPIPE, SIG_IGN)
        returnFreedBuffers(from: 64 << 10)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        return signals
    }
}
