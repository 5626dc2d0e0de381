import Diagnostics
import Linux
import OCI

/// The program's standard streams and its own session (setsid(2)).
struct ConnectStreams: SetupStep {
    /// The descriptors that become standard input, output and error.
    let streams: StandardStreams

    var explanation: Explanation {
        Explanation(
            shell: "setsid … <&\(streams.input) >&\(streams.output) 2>&\(streams.error)",
            why: "the program leads a session of its own, with the caller's standard streams",
            spec: "process.terminal")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot connect the standard streams") { () throws(SystemCallError) in
            try setSignalMask(0)
            try startSession()
            try connectStandardStreams(
                input: streams.input, output: streams.output, error: streams.error)
        }
    }
}

/// Three open descriptors of the caller, which keeps them.
package struct StandardStreams: Sendable, Equatable {
    package var input: CInt
    package var output: CInt
    package var error: CInt

    package init(input: CInt, output: CInt, error: CInt) {
        self.input = input
        self.output = output
        self.error = error
    }

    /// The runtime's own.
    package static let inherited = StandardStreams(input: 0, output: 1, error: 2)
}

/// Keeps the runtime's open files from the program (close_range(2), CVE-2024-21626).
struct CloseOnExecute: SetupStep {
    /// The lowest descriptor that the program does not get.
    let first: CInt
    /// Those above that it gets all the same (`--preserve-fd`).
    var kept: [CInt] = []

    var explanation: Explanation {
        Explanation(
            shell: "exec \(first)>&- …", why: "the program inherits no open file of the host",
            spec: "--preserve-fds")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot close the runtime's files") { () throws(SystemCallError) in
            try closeOnExecute(from: first, keeping: kept)
        }
    }
}
