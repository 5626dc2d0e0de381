import Diagnostics
import Linux

/// Which user namespace a container has: Podman's words for `--userns`.
enum UserNamespaceMode: Sendable, Equatable {
    /// Kade's own: root's is the machine's, an ordinary user's the one that all of the user's
    /// containers share.
    case host
    /// One of its own, with the maps of `--uidmap` and so on.
    case isolated
    /// One of its own, with IDs that no other container has.
    case auto(AutomaticIDs)
    /// One of its own, in which an ordinary user keeps the own IDs.
    case keepID(KeptIDs)
    /// One of its own, in which an ordinary user has no place.
    case noMap
    /// Another container's.
    case container(String)

    /// The options of `auto`.
    struct AutomaticIDs: Sendable, Equatable {
        /// `size`: how many users and groups; nil is what the image needs.
        var size: UInt32?
        /// `uidmapping`: ranges that have to be there.
        var users: [IDMap.Range] = []
        /// `gidmapping`.
        var groups: [IDMap.Range] = []
    }

    /// The options of `keep-id`.
    struct KeptIDs: Sendable, Equatable {
        /// `uid`: who the user is inside; nil is the user's own number.
        var user: UInt32?
        /// `gid`.
        var group: UInt32?
        /// `size`: how many users and groups; nil is all that the user has.
        var size: UInt32?
    }

    /// Understands the flag.
    ///
    /// - Parameter text: as given; empty for the default.
    /// - Throws: `.invalid` with Podman's texts.
    init(parsing text: String) throws(Problem) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let options = parts.count > 1 ? String(parts[1]) : nil
        switch (parts.first.map(String.init) ?? "", options) {
        case ("", nil), ("host", nil): self = .host
        case ("private", nil): self = .isolated
        case ("nomap", nil): self = .noMap
        case ("auto", _): self = .auto(try AutomaticIDs(parsing: options ?? "", of: text))
        case ("keep-id", _): self = .keepID(try KeptIDs(parsing: options ?? "", of: text))
        case ("container", let name?) where !name.isEmpty: self = .container(name)
        case ("ns", _):
            throw Problem(
                kind: .unsupported, what: "cannot use --userns \(text)",
                why: "Kade maps the owners of a container's files, and knows the maps of its own"
                    + " user namespaces alone",
                fix: "use container:NAME, or --uidmap")
        default:
            throw Problem(
                kind: .invalid, what: "cannot use --userns \(text)",
                why: "unrecognized namespace mode \(text) passed",
                fix: "host, private, auto, keep-id, nomap or container:NAME")
        }
    }

    /// One option after the other, each `NAME=VALUE`.
    fileprivate static func options(
        in text: String, of flag: String
    ) throws(Problem) -> [(name: String, value: String)] {
        var options: [(name: String, value: String)] = []
        for option in text.split(separator: ",") {
            let parts = option.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw invalid(flag, "invalid option specified: \"\(option)\"")
            }
            options.append((String(parts[0]), String(parts[1])))
        }
        return options
    }

    fileprivate static func invalid(_ flag: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use --userns \(flag)", why: why,
            fix: "auto knows size, uidmapping and gidmapping; keep-id knows uid, gid and size")
    }

    fileprivate static func number(_ text: String, of flag: String) throws(Problem) -> UInt32 {
        guard let number = UInt32(text), number < .max else {
            throw invalid(flag, "\"\(text)\" is no ID or number of IDs")
        }
        return number
    }
}

extension UserNamespaceMode.AutomaticIDs {
    fileprivate init(parsing text: String, of flag: String) throws(Problem) {
        for (name, value) in try UserNamespaceMode.options(in: text, of: flag) {
            switch name {
            case "size":
                size = try UserNamespaceMode.number(value, of: flag)
                guard size != 0 else {
                    throw UserNamespaceMode.invalid(flag, "a namespace needs one ID at least")
                }
            case "uidmapping": users.append(try Self.range(value, of: flag))
            case "gidmapping": groups.append(try Self.range(value, of: flag))
            default:
                throw UserNamespaceMode.invalid(flag, "unknown option specified: \"\(name)\"")
            }
        }
    }

    private static func range(_ text: String, of flag: String) throws(Problem) -> IDMap.Range {
        guard let range = IDMap.Range(word: text) else {
            throw UserNamespaceMode.invalid(flag, "\"\(text)\" is no INSIDE:OUTSIDE:COUNT")
        }
        return range
    }
}

extension UserNamespaceMode.KeptIDs {
    fileprivate init(parsing text: String, of flag: String) throws(Problem) {
        for (name, value) in try UserNamespaceMode.options(in: text, of: flag) {
            let number = try UserNamespaceMode.number(value, of: flag)
            switch name {
            case "uid": user = number
            case "gid": group = number
            case "size": size = number
            default:
                throw UserNamespaceMode.invalid(flag, "unknown option specified: \"\(name)\"")
            }
        }
    }
}

/// `--uidmap`, `--gidmap`, `--subuidname` and `--subgidname`.
package struct UserMappingRequest: Sendable, Equatable {
    /// Each `INSIDE:OUTSIDE:COUNT`.
    package var users: [String] = []
    package var groups: [String] = []
    /// Whose ranges of `/etc/subuid` they are.
    package var subordinateUser = ""
    /// Whose of `/etc/subgid`.
    package var subordinateGroup = ""

    package init() {}

    var isEmpty: Bool { self == UserMappingRequest() }
}

extension NamespaceRequest {
    /// Which user namespace is wanted: ``user``, or with mappings one of its own.
    func userMode() throws(Problem) -> UserNamespaceMode {
        userMapping.isEmpty ? try UserNamespaceMode(parsing: user) : .isolated
    }

    /// Whether the container may get a user namespace that is not Kade's own.
    var mayHaveOwnUsers: Bool { !userMapping.isEmpty || !(user.isEmpty || user == "host") }
}

extension ContainerRequest {
    /// Refuses what user namespaces cannot be together with.
    func validateUserNamespace(isRootless: Bool) throws(Problem) {
        let wanted = namespaces
        guard wanted.mayHaveOwnUsers else { return }
        guard wanted.userMapping.isEmpty || wanted.user.isEmpty else {
            throw Self.refusal(
                "use --userns \(wanted.user)",
                "--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive",
                fix: "leave one of them out")
        }
        let mode = try wanted.userMode()
        switch mode {
        case .host: return
        case .isolated where wanted.userMapping.isEmpty:
            throw Self.refusal(
                "use --userns private",
                "must provide at least one UID or GID mapping to configure a user namespace",
                fix: "use --userns auto, or --uidmap 0:100000:65536")
        case .keepID where !isRootless:
            throw Self.refusal(
                "use --userns \(wanted.user)", "keep-id is only supported in rootless mode",
                fix: "use --userns auto, or --uidmap")
        case .noMap where !isRootless:
            throw Self.refusal(
                "use --userns nomap", "nomap is only supported in rootless mode",
                fix: "use --userns auto, or --uidmap")
        case .isolated, .keepID, .noMap, .auto, .container: break
        }
        if image == HostImage.name {
            throw Self.refusal(
                "use a user namespace with the image \"host\"",
                "its files are the machine's own, and belong to the machine's users",
                fix: "leave --userns out")
        }
        try validatePeers(mode)
    }

    /// A namespace of another container, which its own user namespace owns, can be shared; to see
    /// it in `/proc` or `/dev/mqueue` takes rights that this container has in its own alone.
    private func validatePeers(_ mode: UserNamespaceMode) throws(Problem) {
        var shared: [(flag: String, name: String)] = []
        if case .container(let name) = namespaces.pid { shared.append(("--pid", name)) }
        if case .container(let name) = namespaces.ipc { shared.append(("--ipc", name)) }
        for (flag, name) in shared where mode != .container(name) {
            throw Self.refusal(
                "use \(flag) container:\(name) with another user namespace",
                "what shows the namespace can be mounted in the user namespace that owns it alone",
                fix: "add --userns container:\(name)")
        }
    }

    private static func refusal(_ action: String, _ why: String, fix: String) -> Problem {
        Problem(kind: .invalid, what: "cannot \(action)", why: why, fix: fix)
    }
}

extension UserMaps {
    /// The flags of `kade-server` that make owners outside of a user namespace those inside.
    var helperFlags: [String] {
        [
            "--users", users.words.joined(separator: ","), "--groups",
            groups.words.joined(separator: ","),
        ]
    }
}
