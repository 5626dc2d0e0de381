import Diagnostics
import Linux
import SystemPackage

/// Finds the program as its user, in its root and with its `PATH`, before anyone is told that the
/// container is ready: `process.args` (execvp(3)).
struct FindProgram: SetupStep {
    let name: String
    let environment: [String]

    var explanation: Explanation {
        Explanation(
            shell: "command -v \(name)",
            why: "a program that is missing fails the creation, not the start",
            spec: "process.args")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let path = environment.last { $0.hasPrefix("PATH=") }?.dropFirst("PATH=".count)
        let searchPath = path.map(String.init) ?? Self.defaultSearchPath
        switch lookUpProgram(name, searchPath: searchPath) {
        case .found(let program): context.program = program
        case .notInSearchPath:
            throw Problem(
                kind: .commandNotFound, what: "exec: \"\(name)\"",
                why: "executable file not found in $PATH",
                fix: "check the spelling, or give its path; PATH is \(searchPath)")
        case .refused(let program, let errno):
            throw Self.refusal(of: program, errno)
        }
    }

    /// The search path of a program whose environment has none.
    static let defaultSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

/// Finds the home directory of the program's user where its environment names none, as runc does.
struct FindHome: SetupStep {
    let userID: UInt32

    var explanation: Explanation {
        Explanation(
            shell: "HOME=$(getent passwd \(userID) | cut -d: -f6)",
            why: "the spec's environment has no HOME", spec: "process.env")
    }

    /// Larger ones are no list of users: the container may have put anything there.
    private static let largestFileInBytes = 4 << 20

    func run(in context: inout SetupContext) throws(Problem) {
        let text: String
        do throws(SystemCallError) {
            switch try readUsers(in: context) {
            case .missing: return  // an image without users: the home is the root
            case .unusable:
                return context.warn(
                    "HOME is /: /etc/passwd is no file, or one of more than "
                        + "\(Self.largestFileInBytes >> 20) MiB")
            case .read(let bytes): text = String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            return  // one that cannot be read is as good as none
        }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 6, UInt32(fields[2]) == userID else { continue }
            context.home = String(fields[5])
            return
        }
    }

    /// Reads the file without waiting for a writer, should it be a fifo.
    private func readUsers(
        in context: borrowing SetupContext
    ) throws(SystemCallError) -> Users {
        try context.insideRoot { (root) throws(SystemCallError) -> Users in
            guard
                let file = try root.openIfPresent(
                    "/etc/passwd", .nonBlocking.union(.noControllingTerminal))
            else { return .missing }
            guard try FileStatus(of: file).kind == .file,
                let bytes = try file.readAll(upToBytes: Self.largestFileInBytes)
            else { return .unusable }
            return .read(bytes)
        }
    }

    /// What the container has at `/etc/passwd`.
    private enum Users {
        case missing
        /// No file, or one that is too large.
        case unusable
        case read([UInt8])
    }
}
