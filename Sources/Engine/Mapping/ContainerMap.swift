package import Diagnostics

extension ContainerService {
    /// One container as the kernel has it: process, namespaces, cgroup, mounts, and the way of its
    /// packets; of one that does not run, what was asked for.
    ///
    /// It is ``explain(_:_:asDeclared:)``, drawn.
    ///
    /// - Throws: `.notFound` for a name that nobody has, and what cannot be read.
    package func map(_ name: String) throws(Problem) -> Picture {
        let topics: [ExplainedTopic] = [
            .state, .process, .users, .namespaces, .cgroup, .mounts, .network, .image,
        ]
        let looking = ContainerService(context: context.looking())
        return ContainerMap(try looking.explain(name, topics, asDeclared: false)).picture()
    }
}

/// The picture of one container, from its explanation.
struct ContainerMap {
    private let explanation: ContainerExplanation

    init(_ explanation: ContainerExplanation) { self.explanation = explanation }

    func picture() -> Picture {
        let isRunning = explanation.pid != nil
        let sharers = sharers
        let network = networkNodes
        var picture = Picture(
            of: .container, "Container \(explanation.name)",
            summary: isRunning
                ? "What the kernel has for it at this moment."
                : "It does not run: this is what was asked for.", at: .now)
        picture.groups = [
            Picture.Group("Container", [containerNode]), Picture.Group("Process", [processNode]),
            Picture.Group(
                "Kernel", [namespaceNode, cgroupNode, mountNode, networkNode]),
            Picture.Group("Beyond", sharers.map(\.node) + [rootNode] + network),
        ]
        picture.edges = [
            Picture.Edge(
                "container", "process",
                fact("monitor", .state).map { "its monitor is process \($0)" } ?? "runs"),
            Picture.Edge("process", "namespaces", "sees"),
            Picture.Edge("process", "cgroup", "is limited by"),
            Picture.Edge("process", "mounts", "has as its files"),
            Picture.Edge("process", "network", "speaks through"),
            Picture.Edge("mounts", "root", "/"),
        ]
        picture.edges += sharers.map { Picture.Edge("namespaces", $0.node.id, $0.label) }
        picture.edges += networkEdges
        return picture
    }

    private func lines(_ topic: ExplainedTopic) -> [ExplainedLine] {
        explanation.sections.first { $0.topic == topic }?.lines ?? []
    }

    /// What is true of a line: what the kernel says, or what was asked of what does not run.
    private func value(_ line: ExplainedLine) -> String {
        line.detail.brief ?? line.effective ?? line.declared ?? ""
    }

    private func fact(_ name: String, _ topic: ExplainedTopic) -> String? {
        lines(topic).first { $0.name == name }.map(value)
    }

    private func facts(_ topic: ExplainedTopic, _ names: [String]) -> [Picture.Fact] {
        names.compactMap { name in fact(name, topic).map { Picture.Fact(name, $0) } }
    }

    private func facts(_ lines: [ExplainedLine]) -> [Picture.Fact] {
        lines.map { Picture.Fact($0.name, value($0)) }
    }

    private var containerNode: Picture.Node {
        Picture.Node(
            "container", .files, explanation.name,
            facts: facts(.state, ["id", "state"]) + facts(.image, ["image", "host"])
                + facts(.state, ["restart", "health", "log"]))
    }

    private var processNode: Picture.Node {
        Picture.Node(
            "process", .process,
            explanation.pid.map { "Process \($0)" } ?? "No process",
            facts: facts(.process, ["command", "directory", "host name"])
                + facts(.users, ["user", "group"]), isThere: explanation.pid != nil)
    }

    private var namespaceNode: Picture.Node {
        Picture.Node("namespaces", .kernel, "Namespaces", facts: facts(lines(.namespaces)))
    }

    private var cgroupNode: Picture.Node {
        let shown = lines(.cgroup).filter { !$0.name.contains("pressure") }
        return Picture.Node("cgroup", .kernel, "Cgroup", facts: facts(shown))
    }

    private var mountNode: Picture.Node {
        var facts = facts(lines(.mounts).filter { $0.detail.role == nil })
        for (role, name, what) in [
            (ExplainedRole.hierarchy, "cgroups", "hierarchies of version 1"),
            (.hidden, "hidden", "paths of /proc and /sys"),
            (.locked, "read-only", "paths of /proc and /sys"),
        ] {
            let count = lines(.mounts).count { $0.detail.role == role }
            if count > 0 { facts.append(.init(name, "\(count) \(what)")) }
        }
        return Picture.Node("mounts", .kernel, "Mounts", facts: facts)
    }

    /// The image's layers and the container's own one, the topmost first.
    private var rootNode: Picture.Node {
        let layers = lines(.image).filter { $0.name != "image" && $0.name != "host" }
        return Picture.Node(
            "root", .layer, "Root file system", facts: facts(layers.reversed()))
    }

    /// What of the network lies inside of the container.
    private var networkNode: Picture.Node {
        let inside: [ExplainedRole] = [.place, .loopback, .route, .resolver]
        let shown = lines(.network).filter { line in
            line.detail.role.map(inside.contains) ?? false
        }
        return Picture.Node(
            "network", .network, "Network", facts: facts(shown),
            isThere: !shown.isEmpty)
    }

    /// The way of packets from the container's interfaces to the machine.
    private var networkNodes: [Picture.Node] {
        var nodes: [Picture.Node] = []
        for line in lines(.network) {
            let title: String
            switch line.detail.role {
            case .interface: title = "\(line.name), inside"
            case .hostEnd: title = "\(line.name), on the machine"
            case .userEnd: title = "\(line.name), beside your bridges"
            case .bridge, .userBridge: title = "Bridge \(line.name)"
            default: continue
            }
            let id = Self.id(of: line)
            guard !nodes.contains(where: { $0.id == id }) else { continue }
            nodes.append(
                Picture.Node(id, .network, title, facts: [.init("state", value(line))]))
        }
        let outside = lines(.network).filter {
            $0.detail.role == .port || $0.detail.role == .element
        }
        if !outside.isEmpty {
            let facts = outside.map { line in
                // A set's name and element stand before what the kernel says of them.
                line.detail.role == .element
                    ? Picture.Fact("nftables", "\(line.name.dropFirst(4)): \(value(line))")
                    : Picture.Fact(line.name, value(line))
            }
            nodes.append(Picture.Node("outside", .network, "The machine", facts: facts))
        }
        return nodes
    }

    private static func id(of line: ExplainedLine) -> String {
        switch line.detail.role {
        case .interface: "interface-\(line.name)"
        case .hostEnd, .userEnd: "end-\(line.name)"
        default: "bridge-\(line.name)"
        }
    }

    private var networkEdges: [Picture.Edge] {
        let lines = lines(.network)
        var edges: [Picture.Edge] = []
        var ends: [String] = []
        for line in lines {
            let id = Self.id(of: line)
            switch line.detail.role {
            case .interface:
                edges.append(Picture.Edge("network", id, ""))
                ends.append(id)
            case .hostEnd, .userEnd:
                let interface = line.detail.related.first ?? ""
                ends.removeAll { $0 == "interface-\(interface)" }
                let isPair = lines.contains {
                    $0.name == interface && $0.effective?.hasSuffix(", veth") == true
                }
                edges.append(
                    Picture.Edge(
                        "interface-\(interface)", id, isPair ? "veth pair" : "is a part of"))
                let bridge = line.detail.related.dropFirst().first
                let isDrawn = lines.contains {
                    [.bridge, .userBridge].contains($0.detail.role) && $0.name == bridge
                }
                if let bridge, isDrawn {
                    edges.append(Picture.Edge(id, "bridge-\(bridge)", "is a port of"))
                } else {
                    ends.append(id)
                }
            case .bridge:
                if !ends.contains(id) { ends.append(id) }
            default: continue
            }
        }
        guard lines.contains(where: { $0.detail.role == .port || $0.detail.role == .element })
        else {
            return edges
        }
        if ends.isEmpty { ends = ["network"] }
        return edges + ends.map { Picture.Edge($0, "outside", "rules and ports") }
    }

    /// Another container, and which namespaces it shares with this one.
    private struct Sharer {
        var node: Picture.Node
        var label: String
    }

    private var sharers: [Sharer] {
        var kinds: [String: [String]] = [:]
        var names: [String] = []
        for line in lines(.namespaces) {
            for name in line.detail.related {
                if kinds[name] == nil { names.append(name) }
                kinds[name, default: []].append(line.name)
            }
        }
        return names.sorted().enumerated().map { index, name in
            let shared = (kinds[name] ?? []).joined(separator: ", ")
            return Sharer(
                node: Picture.Node(
                    "sharer-\(index + 1)", .process, name,
                    facts: [.init("shares", shared)]), label: "shared with")
        }
    }
}
