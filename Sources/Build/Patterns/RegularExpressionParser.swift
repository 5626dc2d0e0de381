/// Reads the text of a regular expression (<https://github.com/google/re2/wiki/Syntax>).
///
/// What it does not know it refuses by name: classes of Unicode (`\p{…}`), `\C` and `\Q…\E`.
struct RegularExpressionParser {
    typealias Mistake = RegularExpression.Mistake

    /// A part of an expression.
    indirect enum Node {
        case nothing
        case letter(LetterSet)
        case place(RegularExpression.Place)
        case sequence([Node])
        /// One of several, the preferred one first.
        case choice([Node])
        case group(Int, Node)
        /// `{least,most}`, or without an end; the lazy one prefers few.
        case loop(Node, least: Int, most: Int?, isLazy: Bool)
    }

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotIsAny = false
        var isLazy = false
    }

    private var rest: Substring.UnicodeScalarView
    private var flags = Flags()
    private var depth = 0
    private(set) var names: [String: Int] = [:]
    private(set) var groupCount = 1

    /// As in Go.
    private static let mostRepeats = 1000
    private static let deepest = 200

    init(_ text: String) { rest = text.unicodeScalars[...] }

    mutating func parse() throws(Mistake) -> Node {
        let node = try choice()
        guard rest.isEmpty else { throw Mistake(why: "it has ')' without '('") }
        return node
    }

    private mutating func choice() throws(Mistake) -> Node {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(Mistake) -> Node {
        var nodes: [Node] = []
        while let next = rest.first, next != "|", next != ")" {
            guard let atom = try atom() else { continue }
            nodes.append(try repeated(atom))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    /// What stands alone; nil for a change of flags.
    private mutating func atom() throws(Mistake) -> Node? {
        guard let letter = rest.popFirst() else { return nil }
        switch letter {
        case "(": return try group()
        case "[": return .letter(cased(try brackets()))
        case ".": return .letter(flags.dotIsAny ? .any : LetterSet.newline.negated)
        case "^": return .place(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .place(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw Mistake(why: "'\(letter)' has nothing before it")
        default: return .letter(cased(LetterSet(letter)))
        }
    }

    private func cased(_ set: LetterSet) -> LetterSet {
        var set = set
        set.ignoresCase = flags.ignoresCase
        return set
    }

    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard rest.first == letter else { return false }
        rest.removeFirst()
        return true
    }

    /// Takes all up to a letter, and that one.
    private mutating func take(upTo end: Unicode.Scalar) -> String? {
        guard let index = rest.firstIndex(of: end) else { return nil }
        let found = rest[..<index]
        rest = rest[index...].dropFirst()
        return String(String.UnicodeScalarView(found))
    }

    // MARK: Groups

    private mutating func group() throws(Mistake) -> Node? {
        depth += 1
        guard depth < Self.deepest else { throw Mistake(why: "its groups are nested too deeply") }
        defer { depth -= 1 }
        let outside = flags
        var number: Int?
        if take("?") {
            if take("P") || rest.first == "<" {
                guard take("<"), let name = take(upTo: ">"), !name.isEmpty,
                    name.unicodeScalars.allSatisfy(LetterSet.word.contains), names[name] == nil
                else { throw Mistake(why: "a group has no name of its own") }
                names[name] = groupCount
                number = groupCount
            } else if try !readFlags() {
                return nil  // they are for what follows
            }
        } else {
            number = groupCount
        }
        if number != nil { groupCount += 1 }
        let inside = try choice()
        flags = outside
        guard take(")") else { throw Mistake(why: "it has '(' without ')'") }
        return number.map { .group($0, inside) } ?? inside
    }

    /// Reads `i:` or `i)`; whether a group follows.
    private mutating func readFlags() throws(Mistake) -> Bool {
        var isOn = true
        while let letter = rest.popFirst() {
            switch letter {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotIsAny = isOn
            case "U": flags.isLazy = isOn
            case "-" where isOn: isOn = false
            case ":": return true
            case ")": return false
            default: throw Mistake(why: "there is no flag '\(letter)'")
            }
        }
        throw Mistake(why: "it has '(' without ')'")
    }

    // MARK: Repeats

    private mutating func repeated(_ atom: Node) throws(Mistake) -> Node {
        guard let first = try bounds() else { return atom }
        let isLazy = take("?") != flags.isLazy
        guard try bounds() == nil else { throw Mistake(why: "it repeats a repeat") }
        return .loop(atom, least: first.least, most: first.most, isLazy: isLazy)
    }

    private struct Bounds: Equatable {
        var least: Int
        var most: Int?
    }

    private mutating func bounds() throws(Mistake) -> Bounds? {
        if take("*") { return Bounds(least: 0, most: nil) }
        if take("+") { return Bounds(least: 1, most: nil) }
        if take("?") { return Bounds(least: 0, most: 1) }
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else { return nil }
        let inside = rest[..<end].dropFirst()
        let parts = inside.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
            .map { String(String.UnicodeScalarView($0)) }
        // Anything else in braces is letters.
        guard let least = Self.number(parts[0]) else { return nil }
        let most: Int?
        switch parts.count {
        case 1: most = least
        case _ where parts[1].isEmpty: most = nil
        default:
            guard let number = Self.number(parts[1]) else { return nil }
            most = number
        }
        guard least <= Self.mostRepeats, most.map({ least <= $0 && $0 <= Self.mostRepeats }) ?? true
        else { throw Mistake(why: "it repeats {\(String(String.UnicodeScalarView(inside)))}") }
        rest = rest[end...].dropFirst()
        return Bounds(least: least, most: most)
    }

    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.count < 9,
            text.unicodeScalars.allSatisfy(LetterSet.digit.contains)
        else { return nil }
        return Int(text)
    }

    // MARK: Escapes and brackets

    private mutating func escape() throws(Mistake) -> Node {
        switch rest.first {
        case "A": return place(.textStart)
        case "z": return place(.textEnd)
        case "b": return place(.wordEdge)
        case "B": return place(.noWordEdge)
        default: return .letter(cased(try escaped()))
        }
    }

    private mutating func place(_ place: RegularExpression.Place) -> Node {
        rest.removeFirst()
        return .place(place)
    }

    /// What a backslash means that has been taken.
    private mutating func escaped() throws(Mistake) -> LetterSet {
        guard let letter = rest.popFirst() else { throw Mistake(why: "it ends with a backslash") }
        switch letter {
        case "d": return .digit
        case "D": return LetterSet.digit.negated
        case "s": return .space
        case "S": return LetterSet.space.negated
        case "w": return .word
        case "W": return LetterSet.word.negated
        case "a": return LetterSet("\u{7}")
        case "f": return LetterSet("\u{c}")
        case "n": return LetterSet("\n")
        case "r": return LetterSet("\r")
        case "t": return LetterSet("\t")
        case "v": return LetterSet("\u{b}")
        case "x":
            let digits: String?
            if take("{") {
                digits = take(upTo: "}")
            } else {
                digits = String(String.UnicodeScalarView(rest.prefix(2)))
                rest = rest.dropFirst(2)
            }
            guard let value = digits.flatMap({ UInt32($0, radix: 16) }),
                let found = Unicode.Scalar(value)
            else { throw Mistake(why: "it has no letter behind \\x") }
            return LetterSet(found)
        default:
            guard letter.isASCII, !LetterSet.word.contains(letter) else {
                throw Mistake(why: "this version of Kade has no \\\(letter)")
            }
            return LetterSet(letter)
        }
    }

    /// Letters in brackets, of which the first one has been taken.
    private mutating func brackets() throws(Mistake) -> LetterSet {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while isFirst || rest.first != "]" {
            isFirst = false
            let start = try bracketed()
            let ahead = rest.dropFirst().first
            guard rest.first == "-", let ahead, ahead != "]" else {
                ranges += start.plainRanges
                continue
            }
            rest.removeFirst()
            let end = try bracketed()
            guard let low = start.only, let high = end.only, low <= high else {
                throw Mistake(why: "brackets have a range that is none")
            }
            ranges.append(low...high)
        }
        rest.removeFirst()
        let set = LetterSet(ranges)
        return isNegated ? set.negated : set
    }

    private mutating func bracketed() throws(Mistake) -> LetterSet {
        guard let letter = rest.popFirst() else { throw Mistake(why: "it has '[' without ']'") }
        if letter == "\\" { return try escaped() }
        guard letter == "[", rest.first == ":" else { return LetterSet(letter) }
        var ahead = rest.dropFirst()
        let isNegated = ahead.first == "^"
        if isNegated { ahead.removeFirst() }
        let name = String(String.UnicodeScalarView(ahead.prefix { $0 != ":" }))
        ahead = ahead.dropFirst(name.unicodeScalars.count)
        guard ahead.popFirst() == ":", ahead.popFirst() == "]", let set = LetterSet.named[name]
        else { throw Mistake(why: "there is no class [:\(name):]") }
        rest = ahead
        return isNegated ? set.negated : set
    }
}

extension LetterSet {
    /// The one letter that it has.
    fileprivate var only: UInt32? {
        guard !isNegated, ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
