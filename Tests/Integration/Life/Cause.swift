import Foundation
import Testing

/// A cause as `--json` has it.
struct Cause {
    let kind: String
    let what: String
    let evidence: [String]
    let fix: String?

    /// All of it as one text.
    var text: String { ([what] + evidence + [fix ?? ""]).joined(separator: "\n") }
}

extension Kade {
    /// What `kade why` says of a container.
    func causes(of container: String) throws -> [Cause] {
        let text = try check("why", "--json", container)
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let object = try #require(json as? [String: Any])
        return try #require(object["causes"] as? [[String: Any]]).map { cause in
            Cause(
                kind: try #require(cause["kind"] as? String),
                what: try #require(cause["what"] as? String),
                evidence: try #require(cause["evidence"] as? [String]),
                fix: cause["fix"] as? String)
        }
    }
}
