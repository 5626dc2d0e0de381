import Engine

/// What the signs of a picture mean: only of those that are in it.
struct MapLegend {
    /// The kinds of things, in the order of their colours' names.
    let kinds: [Picture.Kind]
    /// Whether something is drawn that does not exist.
    let hasAbsent: Bool
    /// Whether other systems' names stand beside something.
    let hasCounterparts: Bool

    init(_ picture: Picture) {
        let nodes = picture.nodes
        kinds = Picture.Kind.allCases.filter { kind in nodes.contains { $0.kind == kind } }
        hasAbsent = nodes.contains { !$0.isThere }
        hasCounterparts = nodes.contains { !$0.counterparts.isEmpty }
    }

    static let absent = "not there"
    static let counterparts = "what other systems have in its place"

    /// What a colour stands for.
    static func words(_ kind: Picture.Kind) -> String {
        switch kind {
        case .program: "program"
        case .process: "process"
        case .files: "files on this machine"
        case .document: "JSON document"
        case .layer: "layer of files"
        case .network: "network"
        case .kernel: "kept by the kernel"
        }
    }

    /// The legend of a drawing of characters, which has no colours.
    ///
    /// - Parameters:
    ///   - isDrawn: whether lines lead from box to box, and do not only name where they lead.
    ///   - isBeside: whether other systems' names stand on the right of what Kade has.
    ///   - isASCII: whether the terminal knows no more than ASCII.
    /// - Returns: one line, which may be too long.
    func text(isDrawn: Bool, isBeside: Bool, isASCII: Bool) -> String {
        let arrow = isDrawn ? (isASCII ? "v" : "▼") : (isASCII ? "->" : "→")
        var parts = ["\(arrow) leads to"]
        if hasAbsent { parts.append("\(isASCII ? "...." : "╌╌╌╌") \(Self.absent)") }
        if hasCounterparts {
            parts.append(
                "\(isBeside ? "on the right" : "below the line"): \(Self.counterparts)")
        }
        return parts.joined(separator: "; ")
    }
}
