import Diagnostics
import Linux
import OCI

/// The rules about a container's devices in order; the last one about a kind of access wins.
struct DeviceList: Sendable, Equatable {
    /// The rules, after the first of all: nothing is allowed.
    var rules: [Rule]

    /// One rule.
    struct Rule: Sendable, Equatable {
        var allow: Bool
        var kind: Kind
        /// The major number; nil is any.
        var major: UInt32?
        /// The minor number; nil is any.
        var minor: UInt32?
        var access: Access
    }

    /// The kind of device node.
    enum Kind: String, Sendable, Equatable {
        case character = "c"
        case block = "b"
        case any = "a"
    }

    /// What is done with a node; the numbers are the kernel's `BPF_DEVCG_ACC_*`.
    struct Access: OptionSet, Sendable {
        let rawValue: UInt32
        static let makeNode = Access(rawValue: 1)
        static let read = Access(rawValue: 2)
        static let write = Access(rawValue: 4)
        static let all: Access = [.makeNode, .read, .write]
    }

    init(rules: [Rule]) { self.rules = rules }

    /// The specification's rules with the default ones behind them.
    ///
    /// - Throws: when a number or an access is not one.
    init(_ specified: [RuntimeSpec.DeviceRule]) throws(Problem) {
        rules = []
        for rule in specified { rules.append(try Rule(rule)) }
        if !allowsEverything { rules += DeviceRules.defaults }
    }

    /// Whether nothing is forbidden.
    var allowsEverything: Bool {
        guard let last = rules.last(where: { $0.isAboutEverything }), last.allow else {
            return false
        }
        return rules.reversed().prefix { !$0.isAboutEverything }.allSatisfy(\.allow)
    }
}

extension DeviceList.Rule {
    /// Whether the rule is about every device and access, so that earlier ones do not matter.
    var isAboutEverything: Bool {
        kind == .any && major == nil && minor == nil && access == .all
    }

    /// Whether every device of another rule is also one of this.
    func covers(_ other: Self) -> Bool {
        (kind == .any || kind == other.kind) && (major == nil || major == other.major)
            && (minor == nil || minor == other.minor)
    }

    /// Whether two rules are about the same devices.
    func isAboutSameDevices(as other: Self) -> Bool {
        kind == other.kind && major == other.major && minor == other.minor
    }

    /// The rule as a line of `devices.allow`: "c 1:3 rwm", "b 8:* r".
    var legacyText: String {
        let (major, minor) = (major.map(String.init) ?? "*", minor.map(String.init) ?? "*")
        return "\(kind.rawValue) \(major):\(minor) \(access.letters)"
    }

    /// The rule as `DeviceAllow=` has it (systemd.resource-control(5)): "/dev/char/1:3",
    /// "char-136", "block-*"; nil for all devices of one minor number.
    var unitEntry: DBusValue? {
        let group = kind == .block ? "block" : "char"
        let name: String
        switch (major, minor) {
        case (let major?, let minor?): name = "/dev/\(group)/\(major):\(minor)"
        case (let major?, nil): name = "\(group)-\(major)"
        case (nil, nil): name = "\(group)-*"
        case (nil, _?): return nil
        }
        return .structure([.string(name), .string(access.letters)])
    }

    fileprivate init(_ rule: RuntimeSpec.DeviceRule) throws(Problem) {
        let kind: DeviceList.Kind =
            switch rule.type {
            case .character: .character
            case .block: .block
            case .any, nil: .any
            }
        self.init(
            allow: rule.allow, kind: kind,
            major: try Self.number(rule.major, "major", limit: 1 << 12),
            minor: try Self.number(rule.minor, "minor", limit: 1 << 20),
            access: try DeviceList.Access(letters: rule.access ?? "rwm"))
    }

    /// A device number; -1 is any, as engines write it.
    private static func number(
        _ number: Int64?, _ name: String, limit: Int64
    ) throws(Problem) -> UInt32? {
        guard let number, number != -1 else { return nil }
        guard number >= 0, number < limit else {
            throw .invalidLimit(
                "\(DeviceRules.field).\(name)", "\(number) is not from 0 to \(limit - 1)")
        }
        return UInt32(number)
    }
}

extension DeviceList.Access {
    /// The access as letters, in the kernel's order: "rwm".
    var letters: String {
        (contains(.read) ? "r" : "") + (contains(.write) ? "w" : "")
            + (contains(.makeNode) ? "m" : "")
    }

    fileprivate init(letters: String) throws(Problem) {
        var access: Self = []
        for letter in letters {
            switch letter {
            case "r": access.insert(.read)
            case "w": access.insert(.write)
            case "m": access.insert(.makeNode)
            default:
                throw .invalidLimit(
                    "\(DeviceRules.field).access",
                    "\"\(letters)\" has other letters than r, w and m")
            }
        }
        // No letter at all is no restriction of the rule, as when the field is missing.
        self = access.isEmpty ? .all : access
    }
}
