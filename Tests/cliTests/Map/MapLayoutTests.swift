import Testing

@testable import cli

@Suite struct MapLayoutTests {
    private static let spacing = MapLayout.Spacing(
        boxes: 36, lane: 10, track: 14, labelHeight: 18, labelGap: 8, channelTop: 18,
        channelBottom: 16, margin: 28)

    /// Boxes and edges drawn by lot, the same for the same number.
    private struct Sample {
        var input: MapLayout.Input
        let layout: MapLayout

        init(_ number: UInt64) {
            var state = number &* 0x9E37_79B9_7F4A_7C15 | 1
            func draw(_ range: ClosedRange<Int>) -> Int {
                // Xorshift: good enough to be unlike the last one.
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return range.lowerBound + Int(state % UInt64(range.count))
            }
            let groups = (0..<draw(1...5)).map { _ in
                (0..<draw(1...5)).map { _ in
                    MapLayout.Size(width: draw(60...400), height: draw(40...300))
                }
            }
            let count = groups.joined().count
            let edges = (0..<draw(0...2 * count)).map { _ in
                MapLayout.Edge(
                    from: draw(0...count - 1), to: draw(0...count - 1),
                    labelWidth: draw(0...1) * draw(20...160))
            }
            input = MapLayout.Input(groups: groups, edges: edges, left: 120)
            layout = MapLayout(input, MapLayoutTests.spacing)
        }
    }

    private static let samples = Array(UInt64(1)...60)

    @Test(arguments: samples) func `boxes keep their sizes and do not touch`(number: UInt64) {
        let sample = Sample(number)
        let boxes = sample.layout.boxes
        #expect(boxes.map(\.width) == sample.input.groups.joined().map(\.width))
        #expect(boxes.map(\.height) == sample.input.groups.joined().map(\.height))
        for (index, box) in boxes.enumerated() {
            #expect(box.x >= 120 && box.right <= sample.layout.width)
            #expect(box.y >= 0 && box.bottom <= sample.layout.height)
            for other in boxes[(index + 1)...] {
                let isApart =
                    box.right + 36 <= other.x || other.right + 36 <= box.x
                    || box.bottom < other.y || other.bottom < box.y
                #expect(isApart, "\(box) and \(other)")
            }
        }
    }

    @Test(arguments: samples) func `edges begin and end at their boxes`(number: UInt64) throws {
        let sample = Sample(number)
        let layout = sample.layout
        let drawn = sample.input.edges.indices.filter {
            sample.input.edges[$0].from != sample.input.edges[$0].to
        }
        #expect(layout.routes.map(\.edge) == drawn)
        for route in layout.routes {
            let edge = sample.input.edges[route.edge]
            let (from, to) = (layout.boxes[edge.from], layout.boxes[edge.to])
            let first = try #require(route.points.first)
            let last = try #require(route.points.last)
            #expect((from.x...from.right).contains(first.x), "\(route)")
            #expect((to.x...to.right).contains(last.x), "\(route)")
            // From the lower side to the upper one, or the other way round.
            let isDown = edge.from < edge.to
            #expect(first.y == (isDown ? from.bottom : from.y), "\(route)")
            #expect(last.y == (isDown ? to.y : to.bottom), "\(route)")
            for (point, next) in zip(route.points, route.points.dropFirst()) {
                #expect((point.x == next.x) != (point.y == next.y), "a right angle in \(route)")
            }
        }
    }

    @Test(arguments: samples) func `no edge goes through a box`(number: UInt64) {
        let layout = Sample(number).layout
        for route in layout.routes {
            for (point, next) in zip(route.points, route.points.dropFirst()) {
                for box in layout.boxes {
                    let isOutside =
                        max(point.x, next.x) <= box.x || min(point.x, next.x) >= box.right
                        || max(point.y, next.y) <= box.y || min(point.y, next.y) >= box.bottom
                    #expect(isOutside, "\(point) to \(next) through \(box)")
                }
            }
        }
    }

    @Test(arguments: samples) func `labels hide neither boxes nor each other`(number: UInt64) {
        let sample = Sample(number)
        let layout = sample.layout
        var places: [MapLayout.Rectangle] = []
        for route in layout.routes {
            guard let label = route.label else {
                #expect(sample.input.edges[route.edge].labelWidth == 0)
                continue
            }
            let width = sample.input.edges[route.edge].labelWidth
            let place = MapLayout.Rectangle(
                x: label.isLeft ? label.x - width : label.x, y: label.y, width: width, height: 18)
            #expect(place.x >= 0 && place.right <= layout.width, "\(place)")
            for other in layout.boxes + places {
                let isApart =
                    place.right <= other.x || other.right <= place.x || place.bottom <= other.y
                    || other.bottom <= place.y
                #expect(isApart, "\(place) and \(other)")
            }
            places.append(place)
        }
    }

    @Test(arguments: samples) func `tracks of different edges do not lie on each other`(
        number: UInt64
    ) {
        let layout = Sample(number).layout
        var spans: [(edge: Int, y: Int, span: ClosedRange<Int>)] = []
        for route in layout.routes {
            for (point, next) in zip(route.points, route.points.dropFirst()) where point.y == next.y
            {
                let span = min(point.x, next.x)...max(point.x, next.x)
                #expect(
                    !spans.contains {
                        $0.edge != route.edge && $0.y == point.y && $0.span.overlaps(span)
                    })
                spans.append((route.edge, point.y, span))
            }
        }
    }

    @Test(arguments: samples) func `groups follow each other, and all is as it was`(number: UInt64)
    {
        let sample = Sample(number)
        for (band, next) in zip(sample.layout.bands, sample.layout.bands.dropFirst()) {
            #expect(band.upperBound < next.lowerBound)
        }
        #expect(MapLayout(sample.input, Self.spacing) == sample.layout)
    }

    @Test func `one below the other is a straight line`() {
        let input = MapLayout.Input(
            groups: [[.init(width: 100, height: 40)], [.init(width: 301, height: 40)]],
            edges: [.init(from: 0, to: 1, labelWidth: 0)], left: 0)
        let layout = MapLayout(input, Self.spacing)
        #expect(layout.routes[0].points.count == 2)
    }

    @Test func `a chain hangs straight, whatever stands beside its beginning`() {
        let box = MapLayout.Size(width: 100, height: 40)
        let input = MapLayout.Input(
            groups: [[box, box]] + Array(repeating: [box], count: 6) + [[box, box, box]],
            edges: [
                .init(from: 0, to: 2, labelWidth: 0), .init(from: 2, to: 3, labelWidth: 0),
                .init(from: 3, to: 4, labelWidth: 0), .init(from: 4, to: 5, labelWidth: 0),
                .init(from: 5, to: 6, labelWidth: 0), .init(from: 6, to: 7, labelWidth: 0),
            ] + [8, 9, 10].map { .init(from: 7, to: $0, labelWidth: 0) }, left: 0)
        let layout = MapLayout(input, Self.spacing)
        #expect(Set([0, 2, 3, 4, 5, 6, 7, 9].map { layout.boxes[$0].x }).count == 1)
    }

    @Test func `crossings that need not be are not there`() {
        let box = MapLayout.Size(width: 50, height: 20)
        let input = MapLayout.Input(
            groups: [[box, box, box], [box, box, box]],
            edges: [
                .init(from: 0, to: 5, labelWidth: 0), .init(from: 1, to: 4, labelWidth: 0),
                .init(from: 2, to: 3, labelWidth: 0),
            ], left: 0)
        let layout = MapLayout(input, Self.spacing)
        #expect(layout.routes.allSatisfy { $0.points.count == 2 })
    }

    @Test func `what nothing leads to stays beside its neighbour`() {
        let box = MapLayout.Size(width: 50, height: 20)
        let wide = MapLayout.Size(width: 900, height: 20)
        let input = MapLayout.Input(
            groups: [[box, box], [wide]], edges: [.init(from: 0, to: 2, labelWidth: 0)], left: 0)
        let layout = MapLayout(input, Self.spacing)
        #expect(layout.boxes[1].x - layout.boxes[0].right == 36)
    }
}
