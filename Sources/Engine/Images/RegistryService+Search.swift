package import Diagnostics
import OCI

/// A repository that a registry's search found.
package struct SearchResult: Sendable, Equatable {
    package var name: String
    package var description: String
    package var stars: Int
    package var isOfficial: Bool
}

extension RegistryService {
    /// Looks for repositories by a word, or by a registry and a word.
    package func search(_ term: String, limit: Int) throws(Problem) -> [SearchResult] {
        var results: [SearchResult] = []
        try ContentHelper(configuration: context.configuration).run(
            ["search", "--limit", "\(limit)", term], input: nil, file: nil,
            what: "cannot search for \(term)"
        ) { line in
            guard line["event"]?.string == "result" else { return }
            results.append(
                SearchResult(
                    name: line.text("name") ?? "", description: line.text("description") ?? "",
                    stars: Int(line.integer("stars") ?? 0),
                    isOfficial: line["official"]?.bool ?? false))
        }
        return results
    }
}
