/// All that can be told of a container at one moment: what was asked for, beside what the kernel
/// says now.
package struct ContainerExplanation: Sendable, Equatable {
    package var id: String
    package var name: String
    /// Docker's word for its state.
    package var state: String
    /// Its first process; nil where it does not run.
    package var pid: Int32?
    package var sections: [ExplainedSection]
}

/// One subject of a container's explanation.
package struct ExplainedSection: Sendable, Equatable {
    package var topic: ExplainedTopic
    package var lines: [ExplainedLine]
}

/// One thing about a container.
package struct ExplainedLine: Sendable, Equatable {
    /// "memory.max", "/proc", "CAP_CHOWN".
    package var name: String
    /// What was asked for; nil where nobody asked for anything.
    package var declared: String?
    /// What the kernel says; nil while the container does not run.
    package var effective: String?
    /// One sentence: what it is good for.
    package var why: String
    /// The flag, or the image's field, that set it.
    package var origin: String
    /// A command that shows it, or does it by hand.
    package var command: String
    /// What a drawing wants to know of it.
    var detail = ExplainedDetail()

    init(
        _ name: String, declared: String? = nil, effective: String? = nil, why: String,
        origin: String, command: String
    ) {
        self.name = name
        self.declared = declared
        self.effective = effective
        self.why = why
        self.origin = origin
        self.command = command
    }

    /// The same line, with what a drawing wants to know.
    func drawn(
        as role: ExplainedRole?, brief: String? = nil, related: [String] = []
    ) -> ExplainedLine {
        var line = self
        line.detail = ExplainedDetail(role: role, brief: brief, related: related)
        return line
    }
}

/// What a drawing wants to know of a line, and a page has in its sentences.
struct ExplainedDetail: Sendable, Equatable {
    /// What it is, where a section has things of several sorts.
    var role: ExplainedRole?
    /// What the kernel says, in fewer words.
    var brief: String?
    /// Names of other things that it is connected with: containers that share a namespace; the other
    /// end of a device, and the bridge that it is a port of.
    var related: [String] = []
}

/// What a line is of, where a section has things of several sorts.
enum ExplainedRole: Sendable, Equatable {
    /// Of the network: a place on one, or whose it is; devices from the inside out; what leads further.
    case place, loopback, interface, hostEnd, bridge, route, resolver, element, port
    /// The same of an ordinary user's bridges, which lead to nobody but their containers.
    case userEnd, userBridge
    /// Of the mounts: what covers a path that shall not be seen, or not be written; one of the many
    /// hierarchies of cgroup version 1.
    case hidden, locked, hierarchy
}

/// The subjects of an explanation, in the order of the page (`--only`).
package enum ExplainedTopic: String, Sendable, CaseIterable {
    case state, process, namespaces, users, cgroup, mounts, capabilities, seccomp, security, limits
    case devices, network, image, steps

    /// What a whole page shows; steps are many, and are asked for.
    package static let page = allCases.filter { $0 != .steps }

    package var title: String {
        switch self {
        case .state: "State: what it does, and who watches over it"
        case .process: "Process: what runs inside"
        case .namespaces: "Namespaces: what it has for itself, and what it shares"
        case .users: "Users: who it is inside, and who that is on the machine"
        case .cgroup: "Cgroup: what it may use, and what it uses"
        case .mounts: "Mounts: the files that it sees"
        case .capabilities: "Capabilities: which of root's powers it has"
        case .seccomp: "Seccomp: which system calls it may make"
        case .security: "Security modules, and privileges that it cannot gain"
        case .limits: "Resource limits of its processes"
        case .devices: "Devices: what it may open"
        case .network: "Network: how its packets get out, and others' in"
        case .image: "Image: the layers below its own files"
        case .steps: "Steps: what made it, and how long that took"
        }
    }
}
