/// What a map shows: things, what is known of each, and what connects them.
///
/// It knows nothing of how it is drawn. Edges lead from things that come earlier in ``groups`` to later
/// ones, so that a drawing goes from the top to the bottom.
package struct Picture: Sendable, Equatable {
    package var subject: Subject
    /// One line: "Container web".
    package var title: String
    /// A sentence or two on what is seen.
    package var summary: String
    /// When it was true.
    package var time: Timestamp
    /// From the top to the bottom.
    package var groups: [Group] = []
    package var edges: [Edge] = []

    /// What a picture is of.
    package enum Subject: String, Sendable {
        case ecosystem, image, container
    }

    /// Things of one sort, which a drawing puts on the same height or closely below each other.
    package struct Group: Sendable, Equatable {
        /// One or two short words, for a margin.
        package var title: String
        package var nodes: [Node]

        package init(_ title: String, _ nodes: [Node]) {
            self.title = title
            self.nodes = nodes
        }
    }

    /// A thing.
    package struct Node: Sendable, Equatable {
        /// Names it among the picture's nodes: "engine", "layer-2".
        package var id: String
        package var kind: Kind
        package var title: String
        package var facts: [Fact]
        /// What other systems have in its place.
        package var counterparts: [Counterpart]
        /// Whether it exists: a platform of an index that was not pulled, or a door that this version
        /// does not have, is drawn as missing.
        package var isThere: Bool

        package init(
            _ id: String, _ kind: Kind, _ title: String, facts: [Fact],
            counterparts: [Counterpart] = [], isThere: Bool = true
        ) {
            self.id = id
            self.kind = kind
            self.title = title
            self.facts = facts
            self.counterparts = counterparts
            self.isThere = isThere
        }
    }

    /// What a thing is, which decides its colour.
    package enum Kind: String, Sendable, CaseIterable {
        case program, process, files, document, layer, network, kernel
    }

    /// One thing that is known of a node.
    package struct Fact: Sendable, Equatable {
        package var name: String
        package var value: Value

        package init(_ name: String, _ text: String) {
            self.name = name
            value = .text(text)
        }

        package init(_ name: String, bytes: Int64) {
            self.name = name
            value = .bytes(bytes)
        }
    }

    /// What a fact says; a size is written for people only where it is drawn.
    package enum Value: Sendable, Equatable {
        case text(String)
        case bytes(Int64)
    }

    /// Another system's name for a part.
    package struct Counterpart: Sendable, Equatable {
        /// "Docker".
        package var system: String
        package var name: String

        package init(_ system: String, _ name: String) {
            self.system = system
            self.name = name
        }
    }

    /// What leads from one thing to another.
    package struct Edge: Sendable, Equatable {
        /// The nodes' IDs.
        package var from: String
        package var to: String
        /// A few words; empty where the two speak for themselves.
        package var label: String

        package init(_ from: String, _ to: String, _ label: String) {
            self.from = from
            self.to = to
            self.label = label
        }
    }

    /// All nodes, in the order of their groups.
    package var nodes: [Node] { groups.flatMap(\.nodes) }

    package init(
        of subject: Subject, _ title: String, summary: String, at time: Timestamp,
        groups: [Group] = [], edges: [Edge] = []
    ) {
        self.subject = subject
        self.title = title
        self.summary = summary
        self.time = time
        self.groups = groups
        self.edges = edges
    }
}
