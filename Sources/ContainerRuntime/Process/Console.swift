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
        let pty = try openMultiplexer(in: context)
        try explaining("cannot connect the terminal") { () throws(SystemCallError) in
            let terminal = try pty.openTerminal()
            if let size {
                try WindowSize(
                    rows: UInt16(clamping: size.height), columns: UInt16(clamping: size.width)
                ).apply(to: pty.primary.rawValue)
            }
            if userID != 0 { try terminal.changeOwner(user: userID, group: .max) }
            if isConsole { try mountConsole(terminal, in: context) }
            try connectStandardStreams(
                input: terminal.rawValue, output: terminal.rawValue, error: terminal.rawValue)
            try Terminal.makeControlling(terminal)
        }
        try context.send(.console, with: pty.primary)
    }

    /// Makes a terminal of the container's devpts, and of nothing that stands in its place
    /// (CVE-2025-52565).
    private func openMultiplexer(
        in context: borrowing SetupContext
    ) throws(Problem) -> PseudoTerminal {
        do throws(SystemCallError) {
            return try context.insideRoot { (root) throws(SystemCallError) in
                let path: FilePath = "/dev/pts/ptmx"
                // To open any other device might do something, or wait.
                try checkMultiplexer(root.open(path, [.path, .noFollow]))
                let multiplexer = try root.open(
                    path, [.readWrite, .noFollow, .noControllingTerminal])
                try checkMultiplexer(multiplexer)
                return try PseudoTerminal(adopting: multiplexer)
            }
        } catch {
            throw Problem(
                what: "cannot make a terminal inside the container", refusal: error,
                fix: "mount a devpts at /dev/pts, or set process.terminal to false")
        }
    }

    private func checkMultiplexer(_ file: borrowing OwnedFD) throws(SystemCallError) {
        let status = try FileStatus(of: file)
        guard status.kind == .characterDevice,
            status.device == DeviceNumber(major: 5, minor: 2),
            try FileSystemStatus(of: file).type == FileSystemStatus.devpts
        else {
            throw SystemCallError(
                call: "openat2", subject: "/dev/pts/ptmx (not the multiplexer of a devpts)",
                errno: .noSuchAddressOrDevice)
        }
    }

    /// Shows the terminal at `/dev/console`; a link that stands there is not followed.
    private func mountConsole(
        _ terminal: borrowing OwnedFD, in context: borrowing SetupContext
    ) throws(SystemCallError) {
        try context.insideRoot { (root) throws(SystemCallError) in
            let console: FilePath = "/dev/console"
            do throws(SystemCallError) {
                try root.makeNode(
                    console, .file, permissions: .ownerReadWrite,
                    device: DeviceNumber(rawValue: 0))
            } catch  where error.errno == .fileExists {}
            let target = try root.openLast(console)
            guard try FileStatus(of: target).kind != .symlink else {
                throw SystemCallError(
                    call: "mount", subject: "\(console) (a symbolic link of the image)",
                    errno: .tooManySymbolicLinkLevels)
            }
            try DetachedMount(cloning: terminal, isRecursive: false).attach(onto: target)
        }
    }
}

/// Gives the standard streams to the program's user, so that it can open `/dev/stdout` again.
///
/// Streams that are the host's null device become the container's: they keep no mount of the host's
/// open, and a checkpoint finds them.
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
                let status = try FileStatus(ofDescriptor: descriptor)
                if status.isNullDevice {
                    try reopenNull(as: descriptor, in: context)
                    continue
                }
                guard status.owner != userID else { continue }
                try OwnedFD(duplicating: descriptor).changeOwner(user: userID, group: .max)
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

    /// Puts the container's null device in the place of the host's.
    private func reopenNull(
        as descriptor: CInt, in context: borrowing SetupContext
    ) throws(SystemCallError) {
        try context.insideRoot { (root) throws(SystemCallError) in
            // To open any other device might do something, or wait.
            guard let place = try root.openIfPresent("/dev/null", .path.union(.noFollow)),
                try FileStatus(of: place).isNullDevice
            else { return }
            do throws(SystemCallError) {
                let own = try root.open("/dev/null", .readWrite.union(.noFollow))
                guard try FileStatus(of: own).isNullDevice else { return }
                try own.place(at: descriptor)
            } catch  where error.errno == .permissionDenied {}  // mounted with nodev
        }
    }
}
