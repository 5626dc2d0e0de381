import Synchronization

/// What registries want a person to know: the header `Warning` (distribution-spec, Warnings).
///
/// Each text is passed on once, however many answers carry it.
package final class RegistryWarnings: Sendable {
    private let report: @Sendable (String) -> Void
    private let seen = Mutex<Set<String>>([])

    /// - Parameter report: is told each warning, from any thread.
    package init(report: @escaping @Sendable (String) -> Void) { self.report = report }

    /// Passes on what an answer's headers say.
    func take(_ headers: [String], from registry: String) {
        for header in headers {
            guard let text = Self.text(of: header) else { continue }
            let warning = "Warning from \(registry): \(text)"
            if seen.withLock({ $0.insert(warning).inserted }) { report(warning) }
        }
    }

    /// The text of `299 - "text"`; nil for another code, and for one with control characters.
    static func text(of header: String) -> String? {
        guard header.hasPrefix("299 - \""), header.hasSuffix("\""), header.count > 8 else {
            return nil
        }
        var text = ""
        var isEscaped = false
        for character in header.dropFirst("299 - \"".count).dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            // It goes to a terminal.
            guard character.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
            else { return nil }
            text.append(character)
            isEscaped = false
        }
        return text.isEmpty ? nil : text
    }
}
