import Diagnostics
import SystemPackage

/// The arguments of one command, read from the front; `--flag value` and `--flag=value` are one.
struct FlagReading {
    /// The command, for messages.
    let command: String
    private var rest: ArraySlice<String>
    /// What stands after the present flag's "=".
    private var attached: String?

    init(_ arguments: [String], of command: String) {
        self.command = command
        rest = arguments[...]
    }

    /// An argument.
    enum Argument {
        case flag(String)
        case name(String)
    }

    /// The next argument, or nil after the last.
    mutating func next() -> Argument? {
        guard let argument = rest.popFirst() else { return nil }
        guard argument.hasPrefix("-"), argument != "-" else { return .name(argument) }
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        attached = parts.count == 2 ? parts[1] : nil
        return .flag(parts[0])
    }

    /// The value of the flag that was read last.
    mutating func value(of flag: String) throws(Problem) -> String {
        guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
            throw mistake("the flag \(flag) needs a value")
        }
        return value
    }

    /// The value of the flag that was read last, as a path.
    mutating func path(of flag: String) throws(Problem) -> FilePath {
        FilePath(try value(of: flag))
    }

    /// Whether the flag that was read last is set.
    func bool(of flag: String) throws(Problem) -> Bool {
        switch attached {
        case nil, "true", "1": return true
        case "false", "0": return false
        default: throw mistake("the flag \(flag) is true or false, not '\(attached ?? "")'")
        }
    }

    /// The error of arguments that cannot be understood.
    func mistake(_ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot \(command)", why: why, fix: "see: kade-server --help")
    }
}
