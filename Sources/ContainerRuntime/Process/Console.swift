import Diagnostics
import Linux
import OCI
import SystemPackage

/// The program's terminal: `process.terminal` (pty(7)).
///
/// The pseudoterminal is made in the container's own devpts, so that its name is right inside; its
/// other side goes to the runtime over the handshake socket.
struct ConnectConsole: SetupStep {
    let size: RuntimeSpec.Process.ConsoleSize?
    let userID: UInt32
    /// Whether `/dev/console` becomes the terminal: for a container's first process.
    let isConsole: Bool

    var explanation: Explanation {
        Explanation(
            shell: "open /dev/pts/ptmx; setsid --ctty … <>/dev/pts/0 >&0 2>&0",
            why: "the program's standard streams are a terminal", spec: "process.terminal")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let pty = try openMultiplexer()
        try explaining("cannot connect the terminal") { () throws(SystemCallError) in
            let terminal = try pty.openTerminal()
            if let size {
                try WindowSize(
                    rows: UInt16(clamping: size.height), columns: UInt16(clamping: size.width)
                ).apply(to: pty.primary.rawValue)
            }
            if userID != 0 { try terminal.changeOwner(user: userID, group: .max) }
            if isConsole { try mountConsole(terminal) }
            try connectStandardStreams(
                input: terminal.rawValue, output: terminal.rawValue, error: terminal.rawValue)
            try Terminal.makeControlling(terminal)
        }
        try context.send(.console, with: pty.primary)
    }

    private func openMultiplexer() throws(Problem) -> PseudoTerminal {
        do throws(SystemCallError) {
            return try PseudoTerminal(multiplexer: "/dev/pts/ptmx")
        } catch {
            throw Problem(
                what: "cannot make a terminal inside the container", refusal: error,
                fix: "mount a devpts at /dev/pts, or set process.terminal to false")
        }
    }

    private func mountConsole(_ terminal: borrowing OwnedFD) throws(SystemCallError) {
        let console: FilePath = "/dev/console"
        let target = try OwnedFD.open(
            console, [.create, .noFollow, .noControllingTerminal, .readOnly, .nonBlocking],
            permissions: .ownerReadWrite)
        try DetachedMount(cloning: terminal, isRecursive: false).attach(onto: target)
    }
}

/// Gives the standard streams to the program's user, so that it can open `/dev/stdout` again.
struct OwnStreams: SetupStep {
    let userID: UInt32

    var explanation: Explanation {
        Explanation(
            shell: "chown \(userID) /dev/std{in,out,err}",
            why: "the program's user may open its standard streams again", spec: "process.user")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        for descriptor: CInt in 0...2 {
            do throws(SystemCallError) {
                let copy = try OwnedFD(duplicating: descriptor)
                let status = try FileStatus(of: copy)
                // Whose it is already, and /dev/null, which is everyone's, stay as they are.
                guard status.owner != userID, status.device != DeviceNumber(major: 1, minor: 3)
                else { continue }
                try copy.changeOwner(user: userID, group: .max)
            } catch {
                // runc's rule: a file that refuses (read-only, not mapped) is left to its owner.
                let tolerated: [Errno] = [
                    .invalidArgument, .notPermitted, .readOnlyFileSystem, .badFileDescriptor,
                ]
                guard tolerated.contains(error.errno) else {
                    throw Problem(
                        what: "cannot give descriptor \(descriptor) to user \(userID)",
                        refusal: error)
                }
            }
        }
    }
}
