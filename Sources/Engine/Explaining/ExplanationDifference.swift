/// One thing in which two containers differ.
package struct ExplanationDifference: Sendable, Equatable {
    package var topic: ExplainedTopic
    package var name: String
    /// What each has; nil for one that lacks it.
    package var first: Side?
    package var second: Side?

    /// One container's part.
    package struct Side: Sendable, Equatable {
        package var value: String
        /// The flag, or the image's field, that set it.
        package var origin: String
    }

    /// The sections that say what was asked for; the others are of one container alone.
    package static let topics: [ExplainedTopic] = [
        .process, .namespaces, .users, .cgroup, .mounts, .capabilities, .seccomp, .security,
        .limits, .devices, .network, .image,
    ]
}

extension ContainerExplanation {
    /// In what another container is another one, apart from what no two containers share: their
    /// IDs, names, numbers of processes, and what they have used.
    ///
    /// - Parameter other: the other one, with the same sections.
    /// - Returns: the differences, in the order of the page.
    package func differences(from other: ContainerExplanation) -> [ExplanationDifference] {
        var differences: [ExplanationDifference] = []
        for section in sections {
            let theirs = other.sections.first { $0.topic == section.topic }?.lines ?? []
            let (left, right) = (comparable(section.lines), other.comparable(theirs))
            var names: [String] = []
            for name in left.map(\.name) + right.map(\.name) where !names.contains(name) {
                names.append(name)
            }
            for name in names {
                let first = left.first { $0.name == name }?.side
                let second = right.first { $0.name == name }?.side
                guard first?.value != second?.value else { continue }
                differences.append(
                    ExplanationDifference(
                        topic: section.topic, name: name, first: first, second: second))
            }
        }
        return differences
    }

    /// A line without what is another one with each container.
    private struct ComparableLine {
        let name: String
        let side: ExplanationDifference.Side
    }

    private func comparable(_ lines: [ExplainedLine]) -> [ComparableLine] {
        lines.compactMap { line in
            // What the kernel has beside what was asked for is told by each one's own page.
            guard let value = line.declared else { return nil }
            return ComparableLine(
                name: withoutIdentity(line.name),
                side: .init(value: withoutIdentity(value), origin: line.origin))
        }
    }

    /// The text with the container's ID, whole and cut, as a word that all containers share.
    private func withoutIdentity(_ text: String) -> String {
        var rest = text[...]
        var result = ""
        let short = id.prefix(12)
        while let first = rest.first {
            if rest.hasPrefix(short) {
                let isWhole = rest.hasPrefix(id)
                rest = rest.dropFirst(isWhole ? id.count : short.count)
                result += "ID"
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
