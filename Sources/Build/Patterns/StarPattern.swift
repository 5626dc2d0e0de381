/// A text in which each star stands for any letters, none among them.
struct StarPattern: Sendable, Equatable {
    /// As it was written.
    let text: String
    /// What stands between the stars.
    private let parts: [[UInt8]]

    init(_ text: String) {
        self.text = text
        parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
            .map(Array.init)
    }

    func matches(_ text: String) -> Bool { captures(of: text) != nil }

    /// What stands for the stars, of which the first takes as much as it can, then the second.
    ///
    /// - Returns: nil for a text that the pattern is not about.
    func captures(of text: String) -> [String]? {
        let bytes = Array(text.utf8)
        var captures: [String] = []
        // From the end, so that each part is as far behind as it can be.
        var end = bytes.count
        for (index, part) in parts.enumerated().reversed() {
            let (isFirst, isLast) = (index == 0, index == parts.count - 1)
            let latest = end - part.count
            guard latest >= 0, !(isFirst && isLast) || latest == 0 else { return nil }
            let places = isFirst ? 0...0 : isLast ? latest...latest : 0...latest
            guard let start = places.last(where: { bytes[$0...].starts(with: part) }) else {
                return nil
            }
            if !isLast {
                let capture = bytes[(start + part.count)..<end]
                captures.insert(String(decoding: capture, as: UTF8.self), at: 0)
            }
            end = start
        }
        return captures
    }
}
