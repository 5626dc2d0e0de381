/// A git repository as builds name one: `ADDRESS[#REFERENCE[:DIRECTORY]]`.
///
/// The reference is "Git repositories" of Docker's "Build context".
package struct GitSource: Equatable, Sendable {
    /// What git is given.
    package var address: String
    /// A branch, a tag or a commit; nil is what the repository shows first.
    package var reference: String?
    /// A directory of the repository; nil is all of it.
    package var directory: String?

    /// Reads a text; nil when it names no repository.
    package init?(_ text: String) {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let address = String(parts[0])
        let lowered = address.lowercased()
        let isWeb = lowered.hasPrefix("http://") || lowered.hasPrefix("https://")
        if lowered.hasPrefix("github.com/") {
            self.address = "https://\(address)"
        } else if lowered.hasPrefix("git://") || lowered.hasPrefix("ssh://")
            || (isWeb && lowered.hasSuffix(".git")) || Self.isShort(address)
        {
            self.address = address
        } else {
            return nil
        }
        guard parts.count > 1 else { return }
        let fragment = parts[1].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if !fragment[0].isEmpty { reference = String(fragment[0]) }
        if fragment.count > 1, !fragment[1].isEmpty { directory = String(fragment[1]) }
    }

    /// SSH's short form: `git@host:path`.
    private static func isShort(_ address: String) -> Bool {
        guard let at = address.firstIndex(of: "@"), let colon = address.firstIndex(of: ":"),
            at < colon, at > address.startIndex
        else { return false }
        return !address[..<colon].contains("/")
    }
}
