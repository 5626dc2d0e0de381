/// Boxes and the lines between them, in places that depend on nothing but what they are.
///
/// It is a drawing in layers, after Sugiyama: each box gets a rank below all that lead to it; an edge
/// over several ranks gets a place in each; within ranks the order with the fewest crossings of a few
/// tries is taken; boxes then move towards what they are connected with, as far as neighbours let
/// them; at last each edge gets a track of its own between two ranks. All numbers are whole: pixels,
/// or columns and rows of a terminal.
struct MapLayout: Equatable {
    private(set) var boxes: [Rectangle] = []
    private(set) var routes: [Route] = []
    /// The height that each group takes, in the order of the groups.
    private(set) var bands: [Range<Int>] = []
    private(set) var width = 0
    private(set) var height = 0

    struct Rectangle: Equatable {
        var x: Int
        var y: Int
        var width: Int
        var height: Int

        var right: Int { x + width }
        var bottom: Int { y + height }
    }

    struct Point: Equatable {
        var x: Int
        var y: Int
    }

    /// The line of an edge: from the lower side of a box to the upper side of another, with nothing but
    /// right angles.
    struct Route: Equatable {
        /// The edge's number.
        var edge: Int
        var points: [Point]
        /// Where its label begins, or ends; nil without one.
        var label: Label?
    }

    /// The place of a label beside a line.
    struct Label: Equatable {
        var x: Int
        var y: Int
        /// Whether the text ends there, left of its line.
        var isLeft: Bool
    }

    /// What is to be placed.
    struct Input {
        /// The boxes' sizes, group by group.
        var groups: [[Size]]
        var edges: [Edge]
        /// Where the leftmost box may begin.
        var left: Int
    }

    struct Size {
        var width: Int
        var height: Int
    }

    struct Edge {
        /// Numbers of boxes.
        var from: Int
        var to: Int
        /// 0 without a label.
        var labelWidth: Int
    }

    /// The distances of a drawing.
    struct Spacing {
        /// Between boxes of one rank.
        var boxes: Int
        /// The room of an edge that passes a rank.
        var lane: Int
        /// Between tracks.
        var track: Int
        var labelHeight: Int
        /// Between a line and its label.
        var labelGap: Int
        /// Between boxes and the first track, and between what is last and the next boxes.
        var channelTop: Int
        var channelBottom: Int
        /// Around everything.
        var margin: Int
    }

    init(_ input: Input, _ spacing: Spacing) {
        var plan = LayerPlan(input, laneWidth: spacing.lane)
        plan.orderRanks()
        var places = RankPlaces(plan, gap: spacing.boxes)
        places.settle()
        let lefts = places.lefts(from: input.left)
        boxes = plan.vertices.prefix(plan.boxCount).enumerated().map { index, vertex in
            Rectangle(x: lefts[index], y: 0, width: vertex.width, height: vertex.height)
        }
        route(plan, lefts, spacing)
        width =
            max(
                (boxes.map(\.right).max() ?? 0),
                routes.map { route in
                    let line = route.points.map(\.x).max() ?? 0
                    guard let label = route.label, !label.isLeft else { return line }
                    return max(line, label.x + input.edges[route.edge].labelWidth)
                }.max() ?? 0) + spacing.margin
        bands = plan.ranksOfGroups.map { ranks in
            let members = ranks.flatMap { plan.ranks[$0] }.filter { $0 < plan.boxCount }
                .map { boxes[$0] }
            let top = members.map(\.y).min() ?? 0
            return top..<max(top, members.map(\.bottom).max() ?? top)
        }
    }

    /// Goes down rank by rank: the height of each, and of the channel below it, decides where the next
    /// begins.
    private mutating func route(_ plan: LayerPlan, _ lefts: [Int], _ spacing: Spacing) {
        var y = spacing.margin
        var ends: [Int: [Point]] = [:]
        var labels: [Int: Label] = [:]
        for rank in plan.ranks.indices {
            let height = plan.ranks[rank].map { plan.vertices[$0].height }.max() ?? 0
            for vertex in plan.ranks[rank] where vertex < plan.boxCount { boxes[vertex].y = y }
            let bottom = y + height
            guard rank + 1 < plan.ranks.count else {
                y = bottom
                break
            }
            var channel = Channel(plan, rank, lefts, spacing)
            channel.assignTracks()
            channel.placeLabels(below: spacing.margin)
            let next = bottom + channel.height
            for piece in channel.pieces {
                let isStart = piece.upper < plan.boxCount
                let top = isStart ? boxes[piece.upper].bottom : y
                var points = [Point(x: piece.from, y: top)]
                if let track = piece.track {
                    let height = bottom + spacing.channelTop + track * spacing.track
                    points += [Point(x: piece.from, y: height), Point(x: piece.to, y: height)]
                }
                points.append(Point(x: piece.to, y: next))
                ends[piece.edge, default: []] += points
                if let row = piece.labelRow {
                    let x = piece.to + (piece.isLabelLeft ? -spacing.labelGap : spacing.labelGap)
                    let height =
                        next - spacing.channelBottom - (channel.labelRows - row)
                        * spacing.labelHeight
                    labels[piece.edge] = Label(x: x, y: height, isLeft: piece.isLabelLeft)
                }
            }
            y = next
        }
        height = y + spacing.margin
        routes = ends.keys.sorted().map { edge in
            let points = Self.straightened(ends[edge] ?? [])
            return Route(
                edge: edge, points: plan.isReversed[edge] ? points.reversed() : points,
                label: labels[edge])
        }
    }

    /// The same line without points that lie on it.
    private static func straightened(_ points: [Point]) -> [Point] {
        var result: [Point] = []
        for point in points where result.last != point {
            if let last = result.last, result.count > 1 {
                let before = result[result.count - 2]
                let isBetween =
                    (before.x == last.x && last.x == point.x)
                    || (before.y == last.y && last.y == point.y)
                if isBetween { result.removeLast() }
            }
            result.append(point)
        }
        return result
    }
}
