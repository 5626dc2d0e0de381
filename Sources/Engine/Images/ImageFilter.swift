import Diagnostics
import OCI
import Storage

/// What `images` lists and `image prune` removes.
package struct ImageFilter: Sendable {
    /// `--filter key=value`: dangling, label, label!, before, since and reference.
    package var conditions: [(key: String, value: String)] = []
    /// Only images that were made before: `--filter until=…`.
    package var createdBefore: Timestamp?

    package init() {}
}

/// An ``ImageFilter``, understood.
///
/// Values of `reference` are alternatives; all else comes together.
struct ImageMatcher {
    private var tests: [(ImageSummary) -> Bool] = []

    init(_ filter: ImageFilter, in store: ImageStore) throws(Problem) {
        for (key, value) in filter.conditions where key != "reference" {
            tests.append(try Self.test(key, value, store))
        }
        let patterns = filter.conditions.filter { $0.key == "reference" }.map(\.value)
        if !patterns.isEmpty {
            tests.append { image in patterns.contains { Self.names(image, pattern: $0) } }
        }
        if let moment = filter.createdBefore {
            tests.append { image in image.created.map { $0 < moment } ?? false }
        }
    }

    func matches(_ image: ImageSummary) -> Bool { tests.allSatisfy { $0(image) } }

    private static func test(
        _ key: String, _ value: String, _ store: ImageStore
    ) throws(Problem) -> (ImageSummary) -> Bool {
        switch (key, value) {
        case ("dangling", "true"), ("dangling", "1"): return { $0.reference == nil }
        case ("dangling", "false"), ("dangling", "0"): return { $0.reference != nil }
        case ("label", _): return labelTest(value)
        case ("label!", _):
            let isLabelled = labelTest(value)
            return { !isLabelled($0) }
        case ("before", _), ("since", _):
            let other = try store.image(named: value, platform: nil)
            let moment = other.configuration.created.flatMap { Timestamp(rfc3339: $0) }
            guard let moment else { return { _ in false } }
            return { image in
                guard let created = image.created else { return false }
                return key == "before" ? created < moment : created > moment
            }
        default:
            throw Problem(
                kind: .invalid, what: "invalid filter '\(key)=\(value)'",
                why: "there is no such filter, or the value is none of its",
                fix: "filters are dangling, label, before, since, reference and until")
        }
    }

    private static func labelTest(_ value: String) -> (ImageSummary) -> Bool {
        let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        return { image in
            guard let label = image.labels[name] else { return false }
            return parts.count == 1 || label == parts[1]
        }
    }

    private static func names(_ image: ImageSummary, pattern: String) -> Bool {
        let name = image.repository
        return isMatch(pattern: pattern, name)
            || isMatch(pattern: pattern, "\(name):\(image.tag)")
            || image.reference.map { isMatch(pattern: pattern, $0) } ?? false
    }
}
