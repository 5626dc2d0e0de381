import ContainerRuntime
import Diagnostics
import Engine
import Linux

/// `--preserve-fds`, `--preserve-fd` and what a service manager passes on: descriptors of the
/// calling process that a container's program gets.
struct DescriptorFlags {
    /// `--preserve-fds`: how many after those of the service manager.
    var count = 0
    /// `--preserve-fd`, each a list.
    var numbers: [[Int32]] = []

    static var flags: [Flag<DescriptorFlags>] {
        [
            .setting(
                "preserve-fds", nil, "uint",
                "Pass this many descriptors on, from 3 (in run: the last one of LISTEN_FDS) on",
                \.count, NumberValue.parse(in: 0...1024)),
            .list(
                "preserve-fd", nil, "list",
                "Pass descriptors on under their own numbers, as 3,5", \.numbers, parse),
        ]
    }

    static func parse(_ text: String) throws(InvalidValue) -> [Int32] {
        var numbers: [Int32] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = Int32(part), (3...4096).contains(number) else {
                throw InvalidValue(
                    "'\(part)' is no descriptor", fix: "use numbers from 3 on, as 3,5")
            }
            numbers.append(number)
        }
        return numbers
    }

    /// Puts them into a request, with what the program hears of them.
    ///
    /// What Kade has opened itself is none of them, as `execve(2)` would close it.
    ///
    /// - Parameters:
    ///   - request: what the container shall be.
    ///   - environment: Kade's own.
    ///   - process: Kade's own number, which `LISTEN_PID` has to be where it is set.
    ///   - isInherited: whether a descriptor came from the caller.
    /// - Throws: ``Problem`` of kind `invalid` for a descriptor that is not open.
    func apply(
        to request: inout ContainerRequest, environment: [String: String], process: Int32,
        isInherited: (Int32) -> Bool = Linux.isInherited
    ) throws(Problem) {
        let listeners = try Self.listeners(environment, process)
        request.process.descriptors = try open(
            after: listeners, example: "kade run --preserve-fds 1 IMAGE 3<FILE",
            isInherited: isInherited)
        guard listeners > 0 else { return }
        // The runtime adds LISTEN_PID, which it alone knows.
        request.process.environment.append("LISTEN_FDS=\(listeners)")
        if let names = environment["LISTEN_FDNAMES"] {
            request.process.environment.append("LISTEN_FDNAMES=\(names)")
        }
    }

    /// The numbers of all that are passed on.
    ///
    /// - Parameters:
    ///   - listeners: how many sockets of a service manager come before those of `--preserve-fds`.
    ///   - example: a command line that passes one on.
    ///   - isInherited: whether a descriptor came from the caller.
    /// - Returns: the numbers.
    /// - Throws: ``Problem`` of kind `invalid` for a descriptor that is not open.
    func open(
        after listeners: Int, example: String,
        isInherited: (Int32) -> Bool = Linux.isInherited
    ) throws(Problem) -> [Int32] {
        let first = 3 + Int32(listeners)
        var all = Set(3..<first + Int32(count))
        for list in numbers { all.formUnion(list) }
        for number in all.sorted() where !isInherited(number) {
            let flag =
                number < first
                ? "LISTEN_FDS"
                : number < first + Int32(count) ? "--preserve-fds" : "--preserve-fd"
            throw Problem(
                kind: .invalid, what: "cannot pass descriptor \(number) on",
                why: "\(flag) asks for it, and it is not open",
                fix: "open it for kade, as in: \(example)")
        }
        return all.sorted()
    }

    /// How many sockets a service manager passes on to this process (sd_listen_fds(3)).
    private static func listeners(
        _ environment: [String: String], _ process: Int32
    ) throws(Problem) -> Int {
        guard let text = environment["LISTEN_FDS"], !text.isEmpty else { return 0 }
        // They may be another process's, which has left the variables to its children.
        if let owner = environment["LISTEN_PID"], Int32(owner) != process { return 0 }
        guard let count = Int(text), (0...1024).contains(count) else {
            throw Problem(
                kind: .invalid, what: "cannot pass sockets on",
                why: "LISTEN_FDS is \"\(text)\", which is no number up to 1024",
                fix: "unset it, where no service manager passes sockets on")
        }
        return count
    }
}

/// `--sdnotify`.
enum NotificationFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Notification {
        guard let notification = Notification(rawValue: text) else {
            throw InvalidValue(
                "invalid sdnotify mode: \(text)", fix: "container, conmon, healthy or ignore")
        }
        return notification
    }
}
