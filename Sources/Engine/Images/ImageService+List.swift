package import Diagnostics
import OCI
import Storage

extension ImageService {
    /// Images, newest first; `conditions` are dangling, label, before, since and reference.
    package func list(
        matching conditions: [(key: String, value: String)]
    ) throws(Problem) -> [ImageSummary] {
        let store = try context.imageStore()
        var summaries: [ImageSummary] = []
        for image in try store.images() {
            summaries.append(try ImageSummary(image, in: store))
        }
        summaries.sort { left, right in
            guard left.created == right.created else {
                guard let first = left.created else { return false }
                return right.created.map { first > $0 } ?? true
            }
            return (left.reference ?? "") < (right.reference ?? "")
        }
        for (key, value) in conditions {
            summaries = try filtered(summaries, key, value, store)
        }
        return summaries
    }

    /// Whether the store has the image (for this platform, where one is asked).
    package func contains(_ name: String, platform: String?) throws(Problem) -> Bool {
        if name == HostImage.name { return true }
        let wanted = try platform.map { text throws(Problem) in try Platform(parsing: text) }
        do throws(Problem) {
            _ = try context.imageStore().image(named: name, platform: wanted)
            return true
        } catch  where error.kind == .notFound {
            return false
        }
    }

    /// Gives an image a further name.
    package func tag(_ name: String, as reference: String) throws(Problem) {
        let new = try ImageReference(parsing: reference)
        guard new.digest == nil else {
            throw Problem(
                kind: .invalid, what: "cannot tag \(name) as \(reference)",
                why: "refusing to create a tag with a digest reference")
        }
        let store = try context.imageStore()
        let entry = try store.entry(named: name)
        try store.content.references.set(new.withDefaultTag, to: entry.descriptor)
    }

    private func filtered(
        _ summaries: [ImageSummary], _ key: String, _ value: String, _ store: ImageStore
    ) throws(Problem) -> [ImageSummary] {
        switch (key, value) {
        case ("dangling", "true"): return summaries.filter { $0.reference == nil }
        case ("dangling", "false"): return summaries.filter { $0.reference != nil }
        case ("label", _):
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            return summaries.filter { summary in
                guard let label = summary.labels[name] else { return false }
                return parts.count == 1 || label == parts[1]
            }
        case ("before", _), ("since", _):
            let other = try store.image(named: value, platform: nil)
            let moment = other.configuration.created.flatMap { Timestamp(rfc3339: $0) }
            guard let moment else { return [] }
            return summaries.filter { summary in
                guard let created = summary.created else { return false }
                return key == "before" ? created < moment : created > moment
            }
        case ("reference", _):
            return summaries.filter { summary in
                let name = summary.repository
                return matches(pattern: value, name)
                    || matches(pattern: value, "\(name):\(summary.tag)")
                    || summary.reference.map { matches(pattern: value, $0) } ?? false
            }
        default:
            throw Problem(
                kind: .invalid, what: "invalid filter '\(key)=\(value)'",
                why: "there is no such filter, or the value is none of its",
                fix: "filters are dangling, label, before, since and reference")
        }
    }
}

/// Compares a name with a pattern: `*` is any text without a slash, `?` one character.
func matches(pattern: String, _ name: String) -> Bool {
    func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let slash = UInt8(ascii: "/")
        if first == UInt8(ascii: "*") {
            var rest = text
            while true {
                if matches(pattern.dropFirst(), rest) { return true }
                guard let next = rest.first, next != slash else { return false }
                rest = rest.dropFirst()
            }
        }
        guard let next = text.first else { return false }
        guard first == next || (first == UInt8(ascii: "?") && next != slash) else { return false }
        return matches(pattern.dropFirst(), text.dropFirst())
    }
    return matches(Array(pattern.utf8)[...], Array(name.utf8)[...])
}

extension ImageSummary {
    init(_ image: ImageStore.Image, in store: ImageStore) throws(Problem) {
        // Names of the store were parsed when they were set; another tool may have written one.
        let reference = image.name.flatMap { try? ImageReference(parsing: $0) }
        self.init(
            id: "\(image.id)", reference: image.name,
            repository: reference?.familiarName ?? image.name ?? "<none>",
            tag: reference?.tag ?? "<none>", digest: "\(image.root.digest)",
            created: image.configuration.created.flatMap { Timestamp(rfc3339: $0) },
            sizeInBytes: try store.sizeInBytes(of: image),
            labels: image.configuration.config?.labels ?? [:])
    }
}
