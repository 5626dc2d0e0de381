/// A name that someone may have meant.
enum Suggestion {
    /// The name that is nearest to a wrong one: at most two letters are other.
    static func nearest(to name: String, among names: [String]) -> String? {
        guard !names.contains(name) else { return nil }
        let distances = names.sorted().map { (name: $0, distance: distance(name, $0)) }
        let best = distances.min { $0.distance < $1.distance }
        return best.flatMap { $0.distance < 3 ? $0.name : nil }
    }

    /// How many letters have to be put in, taken out or replaced (Levenshtein).
    static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var corner = row[0]
            row[0] = index + 1
            for (column, candidate) in other.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(
                    above + 1, row[column] + 1, corner + (letter == candidate ? 0 : 1))
                corner = above
            }
        }
        return row[other.count]
    }
}
