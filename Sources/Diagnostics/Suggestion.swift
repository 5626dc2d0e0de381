/// What somebody probably meant who typed a word that nobody knows.
package enum Suggestion {
    /// The known word that the fewest slips lead to: letters left out, added, changed or swapped.
    ///
    /// - Parameters:
    ///   - word: what was typed.
    ///   - known: the words that there are.
    /// - Returns: the nearest one, or nil where more than a third of the word would be wrong.
    package static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        let typed = Array(word.utf8)
        let most = min(2, (typed.count + 2) / 3)
        var best: (word: String, slips: Int)?
        for candidate in known {
            let slips = slips(from: typed, to: Array(candidate.utf8))
            if slips <= most, slips < best?.slips ?? .max { best = (candidate, slips) }
        }
        return best?.word
    }

    /// The optimal string alignment distance, row by row.
    private static func slips(from word: [UInt8], to other: [UInt8]) -> Int {
        guard abs(word.count - other.count) <= 2 else { return .max }
        var before: [Int] = []
        var last = Array(0...other.count)
        for (row, byte) in word.enumerated() {
            var now = [row + 1]
            for (column, candidate) in other.enumerated() {
                var least = min(last[column + 1], now[column]) + 1
                least = min(least, last[column] + (byte == candidate ? 0 : 1))
                if row > 0, column > 0, byte == other[column - 1], word[row - 1] == candidate {
                    least = min(least, before[column - 1] + 1)
                }
                now.append(least)
            }
            (before, last) = (last, now)
        }
        return last[other.count]
    }
}
