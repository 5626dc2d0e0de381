/// The text of a shell script for people: numbered parts, comments, commands.
struct ShellText {
    private(set) var text = ""
    /// The number of the last part.
    private(set) var number: Int

    init(after number: Int = 0) { self.number = number }

    /// Begins the next part.
    ///
    /// - Parameters:
    ///   - title: what it makes.
    ///   - why: sentences that say what that is good for.
    mutating func part(_ title: String, _ why: String) {
        number += 1
        text += "\n"
        say("\(number). \(title)", rule: true)
        say(why)
    }

    /// Adds a comment, in lines that fit a screen.
    mutating func say(_ comment: String) { say(comment, rule: false) }

    /// Adds a command, or several lines of them.
    mutating func run(_ command: String) { text += command + "\n" }

    /// Adds one command of many words, a group of words on each line.
    mutating func run(_ lines: [String], indent: String = "    ") {
        run(lines.joined(separator: " \\\n" + indent))
    }

    mutating func space() { text += "\n" }

    /// Adds what the script cannot do: it says so when it gets there.
    mutating func cannot(_ what: String) { run("cannot \(what.shellWord)") }

    /// Adds a script that the script writes to a file, and goes on counting after its parts.
    ///
    /// - Parameters:
    ///   - inner: the script's text.
    ///   - file: the file, as a word of the shell.
    mutating func write(_ inner: ShellText, to file: String) {
        var end = "INSIDE"
        while inner.text.split(separator: "\n").contains(where: { $0 == end }) { end += "_" }
        run("cat >\(file) <<'\(end)'")
        text += inner.text
        run(end)
        number = inner.number
    }

    /// What a comment holds came from people: no line of it may become a command.
    private mutating func say(_ comment: String, rule: Bool) {
        var line = "#"
        for word in comment.split(whereSeparator: { $0.isWhitespace || $0.isNewline }) {
            let clean = String(word.map { Self.isPrintable($0) ? $0 : "?" })
            if line.count + 1 + clean.count > Self.width, line != "#" {
                text += line + "\n"
                line = "#"
            }
            line += " " + clean
        }
        if rule, line.count + 4 < Self.width {
            line += " " + String(repeating: "-", count: Self.width - line.count - 1)
        }
        if line != "#" { text += line + "\n" }
    }

    private static func isPrintable(_ character: Character) -> Bool {
        character.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    }

    private static let width = 98
}

extension String {
    /// The text as one word of the shell: quoted, unless nothing in it means anything to a shell.
    var shellWord: String {
        guard isEmpty || !utf8.allSatisfy(Self.isPlain) else { return self }
        var word = "'"
        for character in unicodeScalars {
            if character == "'" { word += #"'\''"# } else { word.unicodeScalars.append(character) }
        }
        return word + "'"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_@%+=:,./-".utf8.contains(byte)
        }
    }

    /// Whether a shell can have a variable of this name.
    var isShellName: Bool {
        guard let first = utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        else { return false }
        return utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (Self.isPlain(byte) && !"@%+=:,./-".utf8.contains(byte))
        }
    }
}
