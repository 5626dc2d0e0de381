/// Letters that a place of a regular expression may have.
struct LetterSet: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false
    /// Whether the other case of a letter is meant, too.
    var ignoresCase = false

    init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

    init(_ letter: Unicode.Scalar) { ranges = [letter.value...letter.value] }

    static let digit = LetterSet([0x30...0x39])
    static let space = LetterSet([0x09...0x0a, 0x0c...0x0d, 0x20...0x20])
    static let word = LetterSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    static let any = LetterSet([0...0x10_ffff])
    static let newline = LetterSet([0x0a...0x0a])

    /// The classes of brackets: `[[:alpha:]]`.
    static let named: [String: LetterSet] = [
        "alnum": LetterSet([0x30...0x39, 0x41...0x5a, 0x61...0x7a]),
        "alpha": LetterSet([0x41...0x5a, 0x61...0x7a]), "ascii": LetterSet([0...0x7f]),
        "blank": LetterSet([0x09...0x09, 0x20...0x20]),
        "cntrl": LetterSet([0...0x1f, 0x7f...0x7f]), "digit": digit,
        "graph": LetterSet([0x21...0x7e]), "lower": LetterSet([0x61...0x7a]),
        "print": LetterSet([0x20...0x7e]),
        "punct": LetterSet([0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e]),
        "space": LetterSet([0x09...0x0d, 0x20...0x20]), "upper": LetterSet([0x41...0x5a]),
        "word": word, "xdigit": LetterSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]

    /// All other letters.
    var negated: LetterSet {
        var set = self
        set.isNegated.toggle()
        return set
    }

    /// What is in it, without a negation.
    var plainRanges: [ClosedRange<UInt32>] {
        guard isNegated else { return ranges }
        var rest: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > start { rest.append(start...(range.lowerBound - 1)) }
            start = max(start, range.upperBound + 1)
        }
        if start <= 0x10_ffff { rest.append(start...0x10_ffff) }
        return rest
    }

    func contains(_ letter: Unicode.Scalar) -> Bool {
        var isIn = holds(letter)
        if ignoresCase, !isIn {
            let properties = letter.properties
            let others = [properties.lowercaseMapping, properties.uppercaseMapping]
            isIn = others.contains { text in
                text.unicodeScalars.count == 1 && text.unicodeScalars.allSatisfy(holds)
            }
        }
        return isIn != isNegated
    }

    private func holds(_ letter: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(letter.value) }
    }
}
