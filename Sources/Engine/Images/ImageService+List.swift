import ContainerRuntime
package import Diagnostics
import OCI
import Storage

extension ImageService {
    /// Images that a filter matches, newest first, and those that cannot be read.
    package func list(_ filter: ImageFilter) throws(Problem) -> ImageList {
        let store = try context.imageStore()
        let matcher = try ImageMatcher(filter, in: store)
        var list = ImageList()
        for entry in try store.content.references.list() {
            do throws(Problem) {
                guard let image = try store.presentImage(of: entry) else { continue }
                let summary = try ImageSummary(image, in: store)
                if matcher.matches(summary) { list.images.append(summary) }
            } catch {
                list.damaged.append(DamagedImage(entry, error))
            }
        }
        list.images.sort { left, right in
            guard left.created == right.created else {
                guard let first = left.created else { return false }
                return right.created.map { first > $0 } ?? true
            }
            return (left.reference ?? "") < (right.reference ?? "")
        }
        return list
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

    /// Whether the store has the image, and no pull of it has to go on.
    ///
    /// One has when the process ended that fetched it for a container which ran meanwhile. Layers
    /// that are missing for another reason are no reason for a pull: the name may be an image of
    /// this machine's own.
    package func canRun(_ name: String, platform: String?) throws(Problem) -> Bool {
        guard try contains(name, platform: platform) else { return false }
        if name == HostImage.name { return true }
        let wanted = try platform.map { text throws(Problem) in try Platform(parsing: text) }
        let store = try context.imageStore()
        let image = try store.image(named: name, platform: wanted)
        guard !image.isArtifact else { return true }
        return !image.configuration.rootfs.diffIDs.contains {
            !store.layers.contains($0) && store.layers.hasBrokenArrival(of: $0)
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
        context.tell(
            .tag, of: .image, "\(try store.id(of: entry))",
            ["name": new.withDefaultTag.familiar])
    }

    /// Takes names from an image, which stays; all of its names where none is given.
    ///
    /// - Throws: `.notFound` for a name that is not the image's.
    package func untag(_ name: String, names: [String]) throws(Problem) {
        let store = try context.imageStore()
        let entry = try store.entry(named: name)
        let own = try store.content.references.list()
            .filter { $0.descriptor.digest == entry.descriptor.digest }.compactMap(\.name)
        var removed: Set<String> = []
        for text in names {
            let full = "\(try ImageReference(parsing: text).withDefaultTag)"
            guard own.contains(full) else {
                throw Problem(
                    kind: .notFound, what: "cannot take the name \(text) from \(name)",
                    why: "the image has the names \(own.joined(separator: ", "))",
                    fix: "see kade image inspect \(name)")
            }
            removed.insert(full)
        }
        if names.isEmpty { removed = Set(own) }
        let id = "\(try store.id(of: entry))"
        try store.content.references.untag(removed, from: entry.descriptor)
        for name in removed {
            // A name that another tool wrote and that is no reference is shown as it is.
            let shown = (try? ImageReference(parsing: name))?.familiar ?? name
            context.tell(.untag, of: .image, id, ["name": shown])
        }
    }
}

/// The images of the store.
package struct ImageList: Sendable {
    package var images: [ImageSummary] = []
    package var damaged: [DamagedImage] = []
}

/// An image whose manifest or configuration cannot be read.
package struct DamagedImage: Sendable {
    /// Its reference; of one without a name the digest.
    package var name: String
    /// Why it cannot be read.
    package var why: String

    init(_ entry: References.Entry, _ problem: Problem) {
        // Names of the store were parsed when they were set; another tool may have written one.
        let reference = entry.name.flatMap { try? ImageReference(parsing: $0) }
        name = reference?.familiar ?? entry.name ?? "\(entry.descriptor.digest)"
        why = "\(problem.what): \(problem.why)"
    }
}

/// Compares a name with a pattern: `*` is any text without a slash, `?` one character.
func isMatch(pattern: String, _ name: String) -> Bool {
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
