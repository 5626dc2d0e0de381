package import Diagnostics
package import OCI

extension RegistriesConfiguration {
    /// The images that a name as a person types it may mean, the first choice first.
    ///
    /// A name without a registry is one of Docker's Hub, as with Docker. Where the machine's owner
    /// lists registries to search, it is an alias or an image of one of them, as with Podman.
    ///
    /// - Throws: `.invalid` when it is no name, or several registries may have it and the owner
    ///   wants a whole name then.
    package func candidates(for text: String) throws(Problem) -> [ImageReference] {
        let usual = try ImageReference(parsing: text)
        guard !unqualifiedSearchRegistries.isEmpty, ImageReference.isShort(text) else {
            return [usual]
        }
        let name = text.prefix { $0 != ":" && $0 != "@" }
        let rest = text.dropFirst(name.count)
        if shortNameMode != .disabled, let alias = aliases[String(name)] {
            do throws(Problem) {
                return [try ImageReference(parsing: alias + rest)]
            } catch {
                throw Problem(
                    kind: .invalid, what: "cannot use \(text)",
                    why: "its alias \"\(alias)\" is no name: \(error.why)",
                    fix: "mend it in registries.conf")
            }
        }
        guard shortNameMode != .enforcing || unqualifiedSearchRegistries.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot tell which image \(text) is",
                why: "it may be in \(unqualifiedSearchRegistries.joined(separator: ", ")), and "
                    + "registries.conf wants no guesses (short-name-mode = \"enforcing\")",
                fix: "write it with its registry: \(unqualifiedSearchRegistries[0])/\(text)")
        }
        return try unqualifiedSearchRegistries.map { registry throws(Problem) in
            try ImageReference(parsing: "\(registry)/\(text)")
        }
    }
}
