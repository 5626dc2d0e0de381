/// Why a text cannot be expanded or split; the caller adds where it stands.
struct ShellMistake: Error, Equatable {
    let why: String

    init(_ why: String) { self.why = why }
}

/// Expands variables, quotes and escapes as a Dockerfile's instructions do, like a shell's words.
///
/// The reference is "Environment replacement" of the Dockerfile reference.
struct ShellLexer {
    /// The character that takes the next one its meaning.
    var escape: UInt8
    /// Quotes stay in the result.
    var keepsQuotes = false
    /// Escape characters stay in the result.
    var keepsEscapes = false
    /// A variable that is not set stays as it is written.
    var keepsUnset = false
    /// The value of a variable, or nil when it is not set.
    let value: (String) -> String?

    /// The whole text with variables, quotes and escapes resolved.
    func word(_ text: String) throws(ShellMistake) -> String {
        var reading = ShellReading(lexer: self, text: Array(text.utf8))
        return try reading.read(until: nil, keepsEscapes: keepsEscapes).text
    }

    /// The text split at blanks outside of quotes; blanks of a variable's value split too.
    func words(_ text: [UInt8]) throws(ShellMistake) -> [String] {
        var reading = ShellReading(lexer: self, text: text)
        _ = try reading.read(until: nil, keepsEscapes: keepsEscapes)
        return reading.words.all
    }
}

/// Words that grow byte by byte.
struct GrowingWords {
    private var done: [String] = []
    private var current: [UInt8] = []
    private var isInside = false

    /// A byte that separates words when it is blank.
    mutating func add(_ byte: UInt8) {
        guard Byte.isBlank(byte) else { return addRaw([byte]) }
        if isInside { finish() }
    }

    /// Bytes that belong to the word, whatever they are.
    mutating func addRaw(_ bytes: [UInt8]) {
        current += bytes
        isInside = true
    }

    var all: [String] { isInside ? done + [current.text] : done }

    private mutating func finish() {
        done.append(current.text)
        current = []
        isInside = false
    }
}

/// The state of one reading.
struct ShellReading {
    let lexer: ShellLexer
    let text: [UInt8]
    var position = 0
    var words = GrowingWords()

    init(lexer: ShellLexer, text: [UInt8]) {
        self.lexer = lexer
        self.text = text
    }

    var next: UInt8? { position < text.count ? text[position] : nil }

    mutating func take() -> UInt8? {
        guard position < text.count else { return nil }
        defer { position += 1 }
        return text[position]
    }

    /// Reads up to a byte, which is passed over, or to the end.
    mutating func read(
        until stop: UInt8?, keepsEscapes: Bool
    ) throws(ShellMistake) -> [UInt8] {
        var result: [UInt8] = []
        while let byte = next {
            if byte == stop {
                position += 1
                return result
            }
            switch byte {
            case Byte.singleQuote:
                let part = try readSingleQuoted()
                words.addRaw(part)
                result += part
            case Byte.doubleQuote:
                let part = try readDoubleQuoted(keepsEscapes: keepsEscapes)
                words.addRaw(part)
                result += part
            case Byte.dollar:
                var inner = words
                let part = try readVariable()
                for byte in part { inner.add(byte) }
                words = inner  // what was read inside of the braces is no word of its own
                result += part
            case lexer.escape:
                position += 1
                if keepsEscapes {
                    words.addRaw([byte])
                    result.append(byte)
                }
                guard let escaped = take() else { break }
                words.addRaw([escaped])
                result.append(escaped)
            default:
                position += 1
                words.add(byte)
                result.append(byte)
            }
        }
        guard let stop else { return result }
        throw ShellMistake(
            "unexpected end of statement while looking for matching \([stop].text)")
    }

    /// Between single quotes everything is itself.
    private mutating func readSingleQuoted() throws(ShellMistake) -> [UInt8] {
        position += 1
        var result: [UInt8] = lexer.keepsQuotes ? [Byte.singleQuote] : []
        while let byte = take() {
            guard byte == Byte.singleQuote else {
                result.append(byte)
                continue
            }
            return lexer.keepsQuotes ? result + [byte] : result
        }
        throw ShellMistake(
            "unexpected end of statement while looking for matching single-quote")
    }

    /// Between double quotes variables count, and an escape before a quote, dollar or escape.
    private mutating func readDoubleQuoted(keepsEscapes: Bool) throws(ShellMistake) -> [UInt8] {
        position += 1
        var result: [UInt8] = lexer.keepsQuotes ? [Byte.doubleQuote] : []
        while let byte = next {
            switch byte {
            case Byte.doubleQuote:
                position += 1
                return lexer.keepsQuotes ? result + [byte] : result
            case Byte.dollar:
                let outer = words
                result += try readVariable()
                words = outer
            case lexer.escape:
                position += 1
                if keepsEscapes { result.append(byte) }
                switch next {
                case nil: continue
                case Byte.doubleQuote?, Byte.dollar?, lexer.escape?:
                    if let escaped = take() { result.append(escaped) }
                default: if !keepsEscapes { result.append(byte) }
                }
            default:
                position += 1
                result.append(byte)
            }
        }
        throw ShellMistake(
            "unexpected end of statement while looking for matching double-quote")
    }
}
