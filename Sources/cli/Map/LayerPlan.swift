/// Boxes in ranks, edges as steps from one rank to the next, and the order within each rank.
struct LayerPlan {
    /// The boxes, and after them the places of edges in ranks that they pass.
    private(set) var vertices: [Vertex] = []
    private(set) var boxCount = 0
    /// The vertices of each rank, from left to right.
    private(set) var ranks: [[Int]] = []
    private(set) var ranksOfGroups: [[Int]] = []
    private(set) var steps: [Step] = []
    /// Whether an edge leads up, and its line has been planned from its end.
    private(set) var isReversed: [Bool] = []

    struct Vertex {
        var width: Int
        var height: Int
        var rank: Int
    }

    /// A part of an edge, between two neighbouring ranks.
    struct Step {
        var edge: Int
        var upper: Int
        var lower: Int
        /// The label's width where this is the part that reaches the edge's end.
        var labelWidth: Int
    }

    init(_ input: MapLayout.Input, laneWidth: Int) {
        var first = 0
        for group in input.groups {
            first = addRanks(of: group, in: input, from: first)
        }
        boxCount = vertices.count
        ranks = Array(repeating: [], count: first)
        for (index, vertex) in vertices.enumerated() { ranks[vertex.rank].append(index) }
        for (number, edge) in input.edges.enumerated() {
            isReversed.append(edge.from > edge.to)
            guard edge.from != edge.to else { continue }
            add(edge, number, laneWidth)
        }
    }

    /// Ranks the boxes of one group, below all groups before it.
    ///
    /// - Returns: the first rank that is free.
    private mutating func addRanks(
        of group: [MapLayout.Size], in input: MapLayout.Input, from first: Int
    ) -> Int {
        var last = first - 1
        for size in group {
            let index = vertices.count
            var rank = first
            for edge in input.edges {
                let (upper, lower) = (min(edge.from, edge.to), max(edge.from, edge.to))
                if lower == index, upper != index { rank = max(rank, vertices[upper].rank + 1) }
            }
            vertices.append(Vertex(width: size.width, height: size.height, rank: rank))
            last = max(last, rank)
        }
        ranksOfGroups.append(Array(first..<(last + 1)))
        return last + 1
    }

    /// Makes the steps of an edge, with a vertex in each rank that it passes.
    private mutating func add(_ edge: MapLayout.Edge, _ number: Int, _ laneWidth: Int) {
        var upper = min(edge.from, edge.to)
        let end = max(edge.from, edge.to)
        for rank in (vertices[upper].rank + 1)..<vertices[end].rank {
            let lane = vertices.count
            vertices.append(Vertex(width: laneWidth, height: 0, rank: rank))
            ranks[rank].append(lane)
            steps.append(Step(edge: number, upper: upper, lower: lane, labelWidth: 0))
            upper = lane
        }
        steps.append(Step(edge: number, upper: upper, lower: end, labelWidth: edge.labelWidth))
    }

    /// Tries orders, each rank by where its neighbours above or below are, and keeps the best.
    mutating func orderRanks() {
        var best = ranks
        var fewest = crossings
        for attempt in 0..<8 where fewest > 0 {
            let isDown = attempt % 2 == 0
            for rank in isDown ? Array(ranks.indices) : ranks.indices.reversed() {
                sort(rank, byAbove: isDown)
            }
            if crossings < fewest { (best, fewest) = (ranks, crossings) }
        }
        ranks = best
    }

    private mutating func sort(_ rank: Int, byAbove isAbove: Bool) {
        let positions = positions
        var keys: [Int: Double] = [:]
        for (place, vertex) in ranks[rank].enumerated() {
            let neighbours = steps.compactMap { step -> Int? in
                if isAbove { return step.lower == vertex ? positions[step.upper] : nil }
                return step.upper == vertex ? positions[step.lower] : nil
            }
            keys[vertex] =
                neighbours.isEmpty
                ? Double(place) : Double(neighbours.reduce(0, +)) / Double(neighbours.count)
        }
        // Stable: what has the same key stays as it was.
        ranks[rank] = ranks[rank].enumerated().sorted { left, right in
            let (first, second) = (keys[left.element] ?? 0, keys[right.element] ?? 0)
            return first == second ? left.offset < right.offset : first < second
        }.map(\.element)
    }

    /// Each vertex's place in its rank.
    private var positions: [Int] {
        var positions = [Int](repeating: 0, count: vertices.count)
        for rank in ranks {
            for (place, vertex) in rank.enumerated() { positions[vertex] = place }
        }
        return positions
    }

    /// How many pairs of steps cross.
    var crossings: Int {
        let positions = positions
        var count = 0
        for (index, step) in steps.enumerated() {
            for other in steps[(index + 1)...]
            where vertices[step.upper].rank == vertices[other.upper].rank {
                let above = positions[step.upper] - positions[other.upper]
                let below = positions[step.lower] - positions[other.lower]
                if above * below < 0 { count += 1 }
            }
        }
        return count
    }
}
