import Engine

/// A picture's boxes and the places that a layout gives them, for whoever draws.
struct MapPlan {
    let boxes: [MapBox]
    let layout: MapLayout
    let edges: [Picture.Edge]
    /// The groups' titles, one for each of the layout's bands.
    let groups: [String]

    /// How large a box with some lines is, and how far things stand from each other.
    protocol Measure {
        var spacing: MapLayout.Spacing { get }
        func size(of box: MapBox) -> MapLayout.Size
        func labelWidth(_ text: String) -> Int
        /// The margin for the titles of groups.
        func marginWidth(_ titles: [String]) -> Int
    }

    init(_ picture: Picture, _ limits: MapBox.Limits, _ measure: some Measure) {
        boxes = picture.nodes.map { MapBox($0, limits) }
        groups = picture.groups.map { limits.shown($0.title) }
        edges = picture.edges.map { edge in
            Picture.Edge(edge.from, edge.to, limits.shown(edge.label))
        }
        var numbers: [String: Int] = [:]
        for (number, node) in picture.nodes.enumerated() { numbers[node.id] = number }
        var sizes: [[MapLayout.Size]] = []
        var next = boxes[...]
        for group in picture.groups {
            sizes.append(next.prefix(group.nodes.count).map(measure.size))
            next = next.dropFirst(group.nodes.count)
        }
        layout = MapLayout(
            MapLayout.Input(
                groups: sizes,
                edges: edges.map { edge in
                    guard let from = numbers[edge.from], let to = numbers[edge.to] else {
                        preconditionFailure("an edge from \(edge.from) to \(edge.to)")
                    }
                    return MapLayout.Edge(
                        from: from, to: to,
                        labelWidth: edge.label.isEmpty ? 0 : measure.labelWidth(edge.label))
                }, left: measure.marginWidth(groups)), measure.spacing)
    }
}
