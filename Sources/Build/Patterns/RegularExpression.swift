/// A regular expression of Go's grammar (RE2), as BuildKit's source policies have them.
///
/// All ways through it are followed side by side, so that a text takes time by its length whatever
/// the expression: what is matched may come from a stranger's Dockerfile.
struct RegularExpression: Sendable, Equatable {
    /// As it was written.
    let text: String
    let program: [Instruction]
    /// The numbers of the groups that have names.
    let groups: [String: Int]
    /// How many groups there are, the whole match among them.
    let groupCount: Int

    /// What a way through the expression does next.
    enum Instruction: Sendable, Equatable {
        case letter(LetterSet)
        /// Goes on at one or the other; the first is tried first.
        case split(Int, Int)
        case jump(Int)
        /// Remembers the place: twice a group's number, and one more at its end.
        case mark(Int)
        case require(Place)
        case match
    }

    /// What a place in the text has to be.
    enum Place: Sendable, Equatable {
        case textStart, textEnd, lineStart, lineEnd, wordEdge, noWordEdge
    }

    /// Reads an expression.
    ///
    /// - Throws: a ``Mistake`` for what is none, or too large.
    init(_ text: String) throws(Mistake) {
        var parser = RegularExpressionParser(text)
        let node = try parser.parse()
        var compiler = RegularExpressionCompiler()
        try compiler.add(.group(0, node))
        try compiler.append(.match)
        self.text = text
        program = compiler.program
        groups = parser.names
        groupCount = parser.groupCount
    }

    /// Why a text is no regular expression.
    struct Mistake: Error {
        let why: String
    }

    /// Whether some part of a text matches.
    func matches(_ text: String) -> Bool {
        firstMatch(in: Array(text.unicodeScalars), from: 0) != nil
    }

    /// A text with each match replaced (Go's `ReplaceAllString`).
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - template: `$1`, `${1}` and `${name}` stand for groups, `$$` for a dollar sign.
    /// - Returns: the new text.
    func replaceAll(in text: String, with template: String) -> String {
        let letters = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var copied = 0
        var position = 0
        var lastEnd: Int?
        while position <= letters.count, let marks = firstMatch(in: letters, from: position) {
            let (start, end) = (marks[0], marks[1])
            // An empty match right behind another one is none.
            if end > start || start != lastEnd {
                result.append(contentsOf: letters[copied..<start])
                result.append(contentsOf: filled(template, marks, letters))
                copied = end
                lastEnd = end
            }
            position = end > position ? end : position + 1
        }
        result.append(contentsOf: letters[copied...])
        return String(result)
    }

    // MARK: Matching

    /// Ways through the expression that have come to one place, the preferred one first.
    private struct Ways {
        var list: [(instruction: Int, marks: [Int])] = []
        var isKnown: [Bool]

        init(of count: Int) { isKnown = Array(repeating: false, count: count) }
    }

    /// The first match, and of those that begin there the preferred one.
    ///
    /// - Returns: where each group begins and ends, -1 where it has no part in the match.
    private func firstMatch(in letters: [Unicode.Scalar], from start: Int) -> [Int]? {
        let nothing = Array(repeating: -1, count: 2 * groupCount)
        var ways = Ways(of: program.count)
        var found: [Int]?
        for position in start...letters.count {
            if found == nil { follow(0, nothing, letters, position, &ways) }
            // A place may be none where a match begins: the next one may be.
            if ways.list.isEmpty, found != nil { break }
            var next = Ways(of: program.count)
            for way in ways.list {
                if case .match = program[way.instruction] {
                    found = way.marks
                    break  // those behind it are preferred less
                }
                guard case .letter(let set) = program[way.instruction],
                    position < letters.count, set.contains(letters[position])
                else { continue }
                follow(way.instruction + 1, way.marks, letters, position + 1, &next)
            }
            ways = next
        }
        return found
    }

    /// Goes on from an instruction to those that want a letter.
    private func follow(
        _ first: Int, _ marks: [Int], _ letters: [Unicode.Scalar], _ position: Int,
        _ ways: inout Ways
    ) {
        var waiting = [(first, marks)]
        while let (instruction, marks) = waiting.popLast() {
            guard !ways.isKnown[instruction] else { continue }
            ways.isKnown[instruction] = true
            switch program[instruction] {
            case .letter, .match: ways.list.append((instruction, marks))
            case .jump(let target): waiting.append((target, marks))
            case .split(let preferred, let other):
                waiting.append((other, marks))
                waiting.append((preferred, marks))
            case .mark(let number):
                var marks = marks
                marks[number] = position
                waiting.append((instruction + 1, marks))
            case .require(let place):
                if place.holds(in: letters, at: position) {
                    waiting.append((instruction + 1, marks))
                }
            }
        }
    }

    // MARK: Templates

    private func filled(
        _ template: String, _ marks: [Int], _ letters: [Unicode.Scalar]
    ) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var rest = template.unicodeScalars[...]
        while let letter = rest.popFirst() {
            guard letter == "$" else {
                result.append(letter)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                result.append("$")
                continue
            }
            guard let name = Self.takeName(&rest) else {
                result.append("$")
                continue
            }
            let number = Int(name) ?? groups[name] ?? groupCount
            guard (0..<groupCount).contains(number), marks[2 * number] >= 0 else { continue }
            result.append(contentsOf: letters[marks[2 * number]..<marks[2 * number + 1]])
        }
        return result
    }

    /// Takes `name` or `{name}`; nil where there is none.
    private static func takeName(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var ahead = rest
        let hasBraces = ahead.first == "{"
        if hasBraces { ahead.removeFirst() }
        let name = ahead.prefix { LetterSet.word.contains($0) }
        ahead = ahead.dropFirst(name.count)
        guard !name.isEmpty, !hasBraces || ahead.popFirst() == "}" else { return nil }
        rest = ahead
        return String(String.UnicodeScalarView(name))
    }
}

extension RegularExpression.Place {
    fileprivate func holds(in letters: [Unicode.Scalar], at position: Int) -> Bool {
        let (before, after) = (position - 1, position)
        func isWord(_ index: Int) -> Bool {
            letters.indices.contains(index) && LetterSet.word.contains(letters[index])
        }
        return switch self {
        case .textStart: position == 0
        case .textEnd: position == letters.count
        case .lineStart: position == 0 || letters[before] == "\n"
        case .lineEnd: position == letters.count || letters[after] == "\n"
        case .wordEdge: isWord(before) != isWord(after)
        case .noWordEdge: isWord(before) == isWord(after)
        }
    }
}
