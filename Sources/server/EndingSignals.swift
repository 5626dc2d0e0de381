import Glibc
import Linux

/// From which size on the buffers of a command that moves content and ends go back to the machine.
///
/// Those that the content itself comes in are smaller, and used again: making the pages of a new
/// mapping for each, and zeros of them, was a tenth of the processor time of a pull.
let transferBuffersInBytes: Int32 = 512 << 10

/// SIGINT and SIGTERM of a program whose first thread waits for them while others work.
enum EndingSignals {
    /// Prepares the program before its threads begin.
    ///
    /// The signals are kept back from all threads, and a peer that hangs up is an error of write(2)
    /// and no signal.
    ///
    /// - Parameter size: buffers of this many bytes and more go back to the machine when they are
    ///   freed.
    /// - Returns: the signals, for sigwait(3).
    static func prepare(returningBuffersFrom size: Int32) -> sigset_t {
        signal(SIGPIPE, SIG_IGN)
        returnFreedBuffers(from: size)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        return signals
    }
}
