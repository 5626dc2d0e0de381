import Glibc

/// `--chmod`: an octal number, or words such as `u=rwX,go=rX`.
struct FileModeChange: Sendable, Equatable {
    private let kind: Kind

    private enum Kind: Sendable, Equatable {
        case number(mode_t)
        case clauses([Clause])
    }

    /// `go-w`.
    private struct Clause: Sendable, Equatable {
        var classes: [UInt8]
        var operation: UInt8
        var permissions: [UInt8]

        func apply(to mode: inout mode_t, isDirectory: Bool) {
            var bits: mode_t = 0
            var reach: mode_t = 0
            for (letter, shift, special) in [
                (UInt8(ascii: "u"), mode_t(6), mode_t(0o4000)),
                (UInt8(ascii: "g"), mode_t(3), mode_t(0o2000)),
                (UInt8(ascii: "o"), mode_t(0), mode_t(0)),
            ] where classes.contains(letter) || classes.contains(UInt8(ascii: "a")) {
                reach |= 0o7 << shift | special
                for permission in permissions {
                    switch permission {
                    case UInt8(ascii: "r"): bits |= 0o4 << shift
                    case UInt8(ascii: "w"): bits |= 0o2 << shift
                    case UInt8(ascii: "x"): bits |= 0o1 << shift
                    case UInt8(ascii: "X"):
                        if isDirectory || mode & 0o111 != 0 { bits |= 0o1 << shift }
                    case UInt8(ascii: "s"): bits |= special
                    default: bits |= 0o1000
                    }
                }
            }
            switch operation {
            case UInt8(ascii: "+"): mode |= bits
            case UInt8(ascii: "-"): mode &= ~bits
            default: mode = mode & ~reach | bits
            }
        }
    }

    /// Reads a mode; nil when the text is none.
    init?(_ text: String) {
        if let first = text.utf8.first, Byte.isDigit(first) {
            guard let number = mode_t(text, radix: 8), number <= 0o7777 else { return nil }
            kind = .number(number)
            return
        }
        var clauses: [Clause] = []
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            let classes = part.prefix { "ugoa".utf8.contains($0) }
            let rest = part.dropFirst(classes.count)
            guard let operation = rest.first, "+-=".utf8.contains(operation),
                rest.dropFirst().allSatisfy({ "rwxXst".utf8.contains($0) })
            else { return nil }
            clauses.append(
                Clause(
                    classes: classes.isEmpty ? [UInt8(ascii: "a")] : Array(classes),
                    operation: operation, permissions: Array(rest.dropFirst())))
        }
        kind = .clauses(clauses)
    }

    /// The permissions of a file after the change.
    func applied(to permissions: mode_t, isDirectory: Bool) -> mode_t {
        switch kind {
        case .number(let number): return number
        case .clauses(let clauses):
            var mode = permissions
            for clause in clauses { clause.apply(to: &mode, isDirectory: isDirectory) }
            return mode
        }
    }
}
