/// The room between two ranks: where edges leave and reach boxes, the tracks on which they go to the
/// side, and the rows of labels.
struct Channel {
    private(set) var pieces: [Piece] = []
    private(set) var labelRows = 0
    private var tracks = 0
    private let spacing: MapLayout.Spacing

    /// An edge's part in the channel.
    struct Piece {
        var edge: Int
        var upper: Int
        var from: Int
        var to: Int
        var labelWidth: Int
        /// nil for one that goes straight down.
        var track: Int?
        var labelRow: Int?
        var isLabelLeft = false

        var span: ClosedRange<Int> { min(from, to)...max(from, to) }
    }

    var height: Int {
        spacing.channelTop + tracks * spacing.track + labelRows * spacing.labelHeight
            + spacing.channelBottom
    }

    init(_ plan: LayerPlan, _ rank: Int, _ lefts: [Int], _ spacing: MapLayout.Spacing) {
        self.spacing = spacing
        let steps = plan.steps.filter { plan.vertices[$0.upper].rank == rank }
        func middle(_ vertex: Int) -> Int { lefts[vertex] + plan.vertices[vertex].width / 2 }
        let ports = Ports(plan, lefts)
        for step in steps {
            let leaving = steps.filter { $0.upper == step.upper }
                .sorted { (middle($0.lower), $0.edge) < (middle($1.lower), $1.edge) }
            let reaching = steps.filter { $0.lower == step.lower }
                .sorted { (middle($0.upper), $0.edge) < (middle($1.upper), $1.edge) }
            var from = ports.port(
                of: step.upper, leaving.firstIndex { $0.edge == step.edge } ?? 0, of: leaving.count)
            var to = ports.port(
                of: step.lower, reaching.firstIndex { $0.edge == step.edge } ?? 0,
                of: reaching.count)
            // Who has a side for itself moves along it, so that the line is straight.
            if reaching.count == 1, ports.reaches(step.lower, from) {
                to = from
            } else if leaving.count == 1, ports.reaches(step.upper, to) {
                from = to
            }
            pieces.append(
                Piece(
                    edge: step.edge, upper: step.upper, from: from, to: to,
                    labelWidth: step.labelWidth))
        }
    }

    /// Where edges touch boxes.
    private struct Ports {
        let plan: LayerPlan
        let lefts: [Int]

        init(_ plan: LayerPlan, _ lefts: [Int]) {
            self.plan = plan
            self.lefts = lefts
        }

        func port(of vertex: Int, _ number: Int, of count: Int) -> Int {
            lefts[vertex] + plan.vertices[vertex].width * (number + 1) / (count + 1)
        }

        /// Whether a place is on a box's side, and not too close to its corners.
        func reaches(_ vertex: Int, _ x: Int) -> Bool {
            guard vertex < plan.boxCount else { return false }
            let corner = plan.vertices[vertex].width / 8
            let left = lefts[vertex]
            return (left + corner..<left + plan.vertices[vertex].width - corner).contains(x)
        }
    }

    /// Gives each edge that goes to the side a track, so that no two lie on each other.
    mutating func assignTracks() {
        var waiting = pieces.indices.filter { pieces[$0].from != pieces[$0].to }
            .sorted { (pieces[$0].span.lowerBound, $0) < (pieces[$1].span.lowerBound, $1) }
        while !waiting.isEmpty {
            // One that comes down where another begins has to turn before that one does.
            let free = waiting.filter { index in
                !waiting.contains { $0 != index && pieces[$0].from == pieces[index].to }
            }
            var end = Int.min
            var placed: [Int] = []
            for index in free.isEmpty ? [waiting[0]] : free
            where pieces[index].span.lowerBound > end {
                pieces[index].track = tracks
                end = pieces[index].span.upperBound + spacing.labelGap
                placed.append(index)
            }
            waiting.removeAll { placed.contains($0) }
            tracks += 1
        }
    }

    /// Puts labels beside the ends of their lines, where they hide neither each other nor lines.
    ///
    /// - Parameter left: where the drawing begins.
    mutating func placeLabels(below left: Int) {
        var taken: [(row: Int, span: ClosedRange<Int>)] = []
        let order = pieces.indices.filter { pieces[$0].labelWidth > 0 }
            .sorted { (pieces[$0].to, $0) < (pieces[$1].to, $1) }
        for index in order {
            let piece = pieces[index]
            let right = piece.to + spacing.labelGap
            let sides = [
                right...(right + piece.labelWidth),
                (piece.to - spacing.labelGap - piece.labelWidth)...(piece.to - spacing.labelGap),
            ]
            func isFree(_ row: Int, _ span: ClosedRange<Int>) -> Bool {
                let wide =
                    (span.lowerBound - spacing.labelGap)...(span.upperBound + spacing.labelGap)
                return !taken.contains { $0.row == row && $0.span.overlaps(wide) }
            }
            func crosses(_ span: ClosedRange<Int>) -> Bool {
                pieces.indices.contains { $0 != index && span.contains(pieces[$0].to) }
            }
            var choice = (row: 0, side: 0)
            var isFound = false
            for row in 0..<3 where !isFound {
                for side in 0..<2 where !isFound {
                    guard side == 0 || sides[1].lowerBound >= left else { continue }
                    guard isFree(row, sides[side]), !crosses(sides[side]) else { continue }
                    (choice, isFound) = ((row, side), true)
                }
            }
            while !isFound, !isFree(choice.row, sides[0]) { choice.row += 1 }
            taken.append((choice.row, sides[choice.side]))
            pieces[index].labelRow = choice.row
            pieces[index].isLabelLeft = choice.side == 1
            labelRows = max(labelRows, choice.row + 1)
        }
    }
}
