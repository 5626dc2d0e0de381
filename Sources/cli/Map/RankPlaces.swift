/// Where each vertex is in its rank: as near as neighbours let it to what it is connected with.
struct RankPlaces {
    private let plan: LayerPlan
    private let gap: Double
    /// The middle of each vertex.
    private var middles: [Double]

    init(_ plan: LayerPlan, gap: Int) {
        self.plan = plan
        self.gap = Double(gap)
        middles = Array(repeating: 0, count: plan.vertices.count)
        for rank in plan.ranks {
            let offsets = offsets(of: rank)
            let centre = ((offsets.first ?? 0) + (offsets.last ?? 0)) / 2
            for (vertex, offset) in zip(rank, offsets) { middles[vertex] = offset - centre }
        }
    }

    /// Goes down and up a few times, so that what leads to much stands above its middle; then once more
    /// down, so that a chain hangs straight.
    mutating func settle() {
        for rank in plan.ranks { gather(rank) }
        for round in 0..<12 {
            let isDown = round % 2 == 0
            for rank in isDown ? Array(plan.ranks.indices) : plan.ranks.indices.reversed() {
                place(rank, looksUp: isDown || round > 3, looksDown: !isDown || round > 3)
            }
        }
        for rank in plan.ranks.indices { place(rank, looksUp: true, looksDown: false) }
        for rank in plan.ranks { gather(rank) }
    }

    /// Puts what nothing leads to, and what leads nowhere, right beside its neighbour.
    private mutating func gather(_ rank: [Int]) {
        let offsets = offsets(of: rank)
        func isAlone(_ vertex: Int) -> Bool {
            !plan.steps.contains { $0.upper == vertex || $0.lower == vertex }
        }
        for place in rank.indices.dropFirst() where isAlone(rank[place]) {
            middles[rank[place]] =
                middles[rank[place - 1]] + offsets[place] - offsets[place - 1]
        }
        for place in rank.indices.dropLast().reversed() where isAlone(rank[place]) {
            middles[rank[place]] =
                middles[rank[place + 1]] + offsets[place] - offsets[place + 1]
        }
    }

    /// Whole numbers, the smallest one `first`, and no two vertices of a rank too close.
    func lefts(from first: Int) -> [Int] {
        let exact = middles.enumerated().map { $1 - Double(plan.vertices[$0].width) / 2 }
        let boxes = exact.prefix(plan.boxCount)
        let shift = Double(first) - (boxes.min() ?? 0)
        var lefts = exact.map { Int(($0 + shift).rounded()) }
        for rank in plan.ranks {
            for (vertex, next) in zip(rank, rank.dropFirst()) {
                let least = lefts[vertex] + plan.vertices[vertex].width + Int(gap)
                lefts[next] = max(lefts[next], least)
            }
        }
        // A lane may lie left of all boxes.
        let outermost = lefts.min() ?? first
        return outermost < first ? lefts.map { $0 + first - outermost } : lefts
    }

    /// Distances of the middles of a rank's vertices that stand as close as they may.
    private func offsets(of rank: [Int]) -> [Double] {
        var offsets: [Double] = []
        for (place, vertex) in rank.enumerated() {
            let width = Double(plan.vertices[vertex].width)
            guard place > 0, let last = offsets.last else {
                offsets.append(0)
                continue
            }
            let before = Double(plan.vertices[rank[place - 1]].width)
            offsets.append(last + before / 2 + gap + width / 2)
        }
        return offsets
    }

    /// Puts a rank where its vertices want to be, in their order: the least sum of squared distances,
    /// which pooling neighbours that are in each other's way finds.
    private mutating func place(_ rank: Int, looksUp: Bool, looksDown: Bool) {
        let vertices = plan.ranks[rank]
        let offsets = offsets(of: vertices)
        var pools: [Pool] = []
        for (vertex, offset) in zip(vertices, offsets) {
            let wish = wish(of: vertex, looksUp, looksDown)
            // Lines that go straight on are worth more than a box that is well placed.
            let weight = weight(of: vertex)
            pools.append(Pool(sum: (wish - offset) * weight, weight: weight, count: 1))
            while let last = pools.last, pools.count > 1 {
                let before = pools[pools.count - 2]
                guard before.mean > last.mean else { break }
                pools.removeLast(2)
                pools.append(
                    Pool(
                        sum: before.sum + last.sum, weight: before.weight + last.weight,
                        count: before.count + last.count))
            }
        }
        var place = 0
        for pool in pools {
            for _ in 0..<pool.count {
                middles[vertices[place]] = pool.mean + offsets[place]
                place += 1
            }
        }
    }

    private func weight(of vertex: Int) -> Double {
        guard vertex < plan.boxCount else { return 8 }
        let isAlone = !plan.steps.contains { $0.upper == vertex || $0.lower == vertex }
        return isAlone ? 0.01 : 1
    }

    /// Vertices that move together.
    private struct Pool {
        var sum: Double
        var weight: Double
        var count: Int

        var mean: Double { sum / weight }
    }

    /// The mean of what it is connected with; where it is now, without any.
    private func wish(of vertex: Int, _ looksUp: Bool, _ looksDown: Bool) -> Double {
        var neighbours: [Double] = []
        for step in plan.steps {
            if looksUp, step.lower == vertex { neighbours.append(middles[step.upper]) }
            if looksDown, step.upper == vertex { neighbours.append(middles[step.lower]) }
        }
        return neighbours.isEmpty
            ? middles[vertex] : neighbours.reduce(0, +) / Double(neighbours.count)
    }
}
