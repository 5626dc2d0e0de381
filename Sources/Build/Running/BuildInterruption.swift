package import Diagnostics
import Linux
import Storage

/// Says to all of a build's instructions that they shall end: a signal came, or one of them failed.
package final class BuildInterruption: Sendable {
    private let pipe: Pipe

    package init() throws(Problem) {
        pipe = try asking("cannot make a pipe") { () throws(SystemCallError) in try Pipe() }
    }

    /// Ends what runs, and lets nothing more begin.
    package func trip() {
        // Best effort: a pipe that is full was tripped often enough.
        try? asking("") { () throws(SystemCallError) in try pipe.writing.writeAll([1]) }
    }

    /// Readable from the moment on that it was tripped.
    var descriptor: CInt { pipe.reading.rawValue }

    /// Throws when the build shall end.
    func check() throws(Problem) {
        let descriptor = descriptor
        let ready = try asking("cannot look whether the build goes on") {
            () throws(SystemCallError) in
            try Poll.wait(for: [descriptor], .readable, milliseconds: 0)
        }
        guard ready[0].isEmpty else {
            throw Problem(
                kind: .unavailable, what: "the build was interrupted",
                why: "a signal asked for its end, or another stage failed")
        }
    }
}
