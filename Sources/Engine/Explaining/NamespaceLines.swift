import Diagnostics
import Linux
import OCI
import SystemPackage

/// Namespaces: which are its own, who else is in them, and how to get in.
extension ContainerExplainer {
    func namespaceLines() throws(Problem) -> [ExplainedLine] {
        let census = try process.map { process throws(Problem) in
            try NamespaceCensus(of: process.pid, containerOf: ownersByProcess())
        }
        let isRootless = try context.isRootless()
        var lines: [ExplainedLine] = []
        for kind in NamespaceKind.allCases {
            let isOfUser = kind == .user && isRootless
            lines.append(
                ExplainedLine(
                    kind.rawValue, declared: isOfUser ? "the user's" : declared(kind),
                    effective: census?.text(
                        kind, ownedBy: isOfUser ? "the user's" : "the machine's"),
                    why: kind.purpose, origin: try namespaceOrigin(kind),
                    command: command(kind, isOwn: census?.isOwn(kind) ?? false)
                ).drawn(as: nil, related: census?.containers(kind) ?? []))
        }
        return lines
    }

    /// The name of a container whose namespaces it joins; its ID where it is gone.
    func peer(_ id: String) throws(Problem) -> String {
        try context.database.read { database throws(Problem) in
            try database.container(id: id)?.name ?? id
        }
    }

    /// What the specification says of a kind.
    private func declared(_ kind: NamespaceKind) -> String {
        let namespace = spec.linux?.namespaces.first { $0.type.rawValue == kind.rawValue }
        guard let namespace else { return "the machine's" }
        return namespace.path.map { "joins \($0)" } ?? "its own"
    }

    /// How to get in; of what is the machine's, how to see that it is.
    private func command(_ kind: NamespaceKind, isOwn: Bool) -> String {
        if let process {
            return isOwn
                ? "nsenter --target \(process.pid) \(kind.enterFlag) sh"
                : "readlink /proc/\(process.pid)/ns/\(kind.fileName)"
        }
        let namespace = spec.linux?.namespaces.first { $0.type.rawValue == kind.rawValue }
        guard let namespace else { return "readlink /proc/self/ns/\(kind.fileName)" }
        guard let path = namespace.path else { return "unshare \(kind.enterFlag)" }
        return "nsenter \(kind.enterFlag)=\(path)"
    }

    private func namespaceOrigin(_ kind: NamespaceKind) throws(Problem) -> String {
        let wanted = request.namespaces
        switch kind {
        case .pid: return try origin("--pid", wanted.pid)
        case .uts: return try origin("--uts", wanted.uts)
        case .network:
            guard case .isolated = wanted.network else {
                return try origin("--network", wanted.network)
            }
            if let pasta = request.network.pasta {
                return "--network pasta" + (pasta.isEmpty ? "" : ":\(pasta.joined(separator: ","))")
            }
            let names = (request.network.attachments ?? []).map(\.network)
            return names.isEmpty
                ? "--network none" : names.map { "--network \($0)" }.joined(separator: " ")
        case .ipc:
            switch wanted.ipc {
            case .isolated: return "default (--ipc private)"
            case .shareable: return "--ipc shareable"
            case .none: return "--ipc none"
            case .host: return "--ipc host"
            case .container(let id): return try "--ipc container:" + peer(id)
            }
        case .cgroup:
            guard let mode = wanted.cgroup else {
                return "default (--cgroupns private on cgroup version 2, host on version 1)"
            }
            return try origin("--cgroupns", mode)
        case .user: return wanted.user.isEmpty ? "default (--userns)" : "--userns \(wanted.user)"
        case .mount: return "always"
        case .time: return "always: no flag asks for another one"
        }
    }

    private func origin(_ flag: String, _ mode: NamespaceMode) throws(Problem) -> String {
        switch mode {
        case .isolated: return "default (\(flag) private)"
        case .host: return "\(flag) host"
        case .container(let id): return try "\(flag) container:" + peer(id)
        }
    }

    /// The containers that run, by their processes, and the monitors' words for themselves.
    private func ownersByProcess() throws(Problem) -> [Int32: NamespaceCensus.Owner] {
        var owners: [Int32: NamespaceCensus.Owner] = [:]
        let records = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        for other in records {
            let status = other.id == record.id ? status : try context.status(of: other)
            guard status.state.isAlive, let lifecycle = status.lifecycle else { continue }
            for pid in try context.processes(of: other) {
                owners[pid] = other.id == record.id ? .own : .container(other.name)
            }
            owners[lifecycle.monitorPid] = .monitor(lifecycle.monitorPid, of: other.name)
        }
        return owners
    }
}

/// Which processes of the machine share the namespaces of one.
struct NamespaceCensus {
    /// The links of the process, by kind: "pid:[4026531836]".
    private var links: [NamespaceKind: String] = [:]
    /// This program's own.
    private var machine: [NamespaceKind: String] = [:]
    /// Who else has the same, by kind, and processes that are nobody's.
    private var sharers: [NamespaceKind: [Owner]] = [:]
    private var strangers: [NamespaceKind: [Int32]] = [:]

    /// Whose a process is.
    enum Owner: Equatable {
        /// The container's that is looked at.
        case own
        case container(String)
        case monitor(Int32, of: String)

        fileprivate var text: String {
            switch self {
            case .own: ""
            case .container(let name): name
            case .monitor(let pid, let name): "monitor \(pid) of \(name)"
            }
        }
    }

    /// Looks at every process in `/proc`.
    ///
    /// - Parameters:
    ///   - process: the one whose namespaces are wanted.
    ///   - owners: which container or monitor a process is.
    /// - Throws: when `/proc` cannot be listed.
    init(of process: Int32, containerOf owners: [Int32: Owner]) throws(Problem) {
        links = Self.links(of: "\(process)")
        machine = Self.links(of: "self")
        let entries = try explaining("cannot list /proc") { () throws(SystemCallError) in
            try Directory.list("/proc")
        }
        for entry in entries {
            guard let pid = Int32(entry.name.string), owners[pid] != .own else { continue }
            let others = Self.links(of: "\(pid)")
            for (kind, link) in links where others[kind] == link {
                guard let owner = owners[pid] else {
                    strangers[kind, default: []].append(pid)
                    continue
                }
                if sharers[kind]?.contains(owner) != true {
                    sharers[kind, default: []].append(owner)
                }
            }
        }
    }

    /// The containers that share a kind, which is not the machine's.
    func containers(_ kind: NamespaceKind) -> [String] {
        guard isOwn(kind) else { return [] }
        return (sharers[kind] ?? []).compactMap { owner in
            guard case .container(let name) = owner else { return nil }
            return name
        }
    }

    /// The identity of a kind, and who shares it.
    ///
    /// - Parameters:
    ///   - kind: the kind.
    ///   - owner: whose it is when it is this program's own, too.
    /// - Returns: the words; nil for a kind that this kernel does not have.
    func text(_ kind: NamespaceKind, ownedBy owner: String) -> String? {
        guard let link = links[kind] else { return nil }
        var names = (sharers[kind] ?? []).map(\.text)
        if let pids = strangers[kind] {
            let shown = pids.sorted().prefix(5).map { "\($0)" }.joined(separator: ", ")
            let rest = pids.count > 5 ? " and \(pids.count - 5) more" : ""
            names.append("process\(pids.count == 1 ? "" : "es") \(shown)\(rest)")
        }
        let others = names.sorted().joined(separator: ", ")
        if link == machine[kind] { return "\(link), \(owner)" }
        return others.isEmpty ? "\(link), its own alone" : "\(link), shared with \(others)"
    }

    /// Whether a kind is another one than this program's.
    func isOwn(_ kind: NamespaceKind) -> Bool { links[kind] != machine[kind] }

    /// What the kernel lets this program see: links of others' processes need rights over them.
    private static func links(of process: String) -> [NamespaceKind: String] {
        var links: [NamespaceKind: String] = [:]
        for kind in NamespaceKind.allCases {
            let path = FilePath("/proc/\(process)/ns/\(kind.fileName)")
            // A process that has ended or is another user's has none to show.
            links[kind] = try? Link.target(of: path).string
        }
        return links
    }
}

extension NamespaceKind {
    /// The flag of nsenter(1) and unshare(1).
    var enterFlag: String {
        switch self {
        case .network: "--net"
        default: "--\(rawValue)"
        }
    }

    /// What having an own one is good for.
    var purpose: String {
        switch self {
        case .user: "numbers of users and groups, and what root's powers reach"
        case .mount: "the mounts: it sees its own root file system, and the machine sees none of it"
        case .network: "interfaces, addresses, routes, ports and firewall rules"
        case .ipc: "System V semaphores and shared memory, and POSIX message queues"
        case .uts: "the host name and the domain name"
        case .cgroup: "where the tree of cgroups begins in what it sees"
        case .pid: "process numbers: in one of its own the first process is 1, and sees no others"
        case .time: "the clocks that count from boot"
        }
    }
}
