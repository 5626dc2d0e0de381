/// The first line of a web server's answer: `HTTP/1.1 200 OK` (RFC 9112 § 4).
package enum HTTPStatusLine {
    /// The status code; nil when the line is no status line.
    package static func code(of line: String) -> Int? {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3 else {
            return nil
        }
        return Int(words[1])
    }
}
