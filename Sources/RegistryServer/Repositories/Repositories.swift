import Diagnostics
import Linux
import OCI
import Storage
import Synchronization

/// The repositories as the store's references show them now.
///
/// `index.json` is the truth, and other processes change it; what was computed of it is kept until
/// it changes. All of this may wait for the disk.
final class Repositories: Sendable {
    let content: ContentStore
    let names: RepositoryNames
    private let cache = Mutex(Cache())

    /// How many repositories and manifests are remembered.
    private static let repositoryLimit = 64
    private static let manifestLimit = 4096

    private struct Cache {
        var version: Version?
        var entries: [Entry] = []
        var contents: [[ImageReference]: RepositoryContents] = [:]
        var facts: [Digest: ManifestFacts] = [:]
    }

    /// What tells one `index.json` from the next.
    private struct Version: Equatable {
        var identity: FileStatus.Identity
        var modified: FileTime
        var sizeInBytes: Int64
    }

    /// An entry whose name is a reference.
    private struct Entry {
        var reference: ImageReference
        var descriptor: Descriptor
    }

    init(content: ContentStore, names: RepositoryNames) {
        self.content = content
        self.names = names
    }

    /// What is in some of the store's repositories, seen as one; the first has the last word.
    func contents(of places: [ImageReference]) throws(Problem) -> RepositoryContents {
        try cache.withLock { cache throws(Problem) in
            try refresh(&cache)
            if let known = cache.contents[places] { return known }
            var contents = RepositoryContents()
            for place in places {
                for entry in cache.entries
                where entry.reference.repository == place.repository {
                    let digest = entry.descriptor.digest
                    if let tag = entry.reference.tag, entry.reference.digest == nil,
                        contents.tags[tag] == nil
                    {
                        contents.tags[tag] = entry.descriptor
                    }
                    if place == places[0] { contents.own.insert(digest) }
                    try add(entry.descriptor, to: &contents, depth: 0, facts: &cache.facts)
                }
            }
            if cache.contents.count >= Self.repositoryLimit { cache.contents = [:] }
            cache.contents[places] = contents
            return contents
        }
    }

    /// The names of all repositories, in order.
    func list() throws(Problem) -> [String] {
        try cache.withLock { cache throws(Problem) in
            try refresh(&cache)
            return Set(cache.entries.compactMap { names.name(of: $0.reference) }).sorted()
        }
    }

    /// What a manifest says; nil when it is not here, or damaged.
    func facts(of descriptor: Descriptor) throws(Problem) -> ManifestFacts? {
        try cache.withLock { cache throws(Problem) in
            try facts(of: descriptor, remembering: &cache.facts)
        }
    }

    private func refresh(_ cache: inout Cache) throws(Problem) {
        let version = try version()
        guard version == nil || version != cache.version else { return }
        var entries: [Entry] = []
        for entry in try content.references.list() {
            // Names that other tools wrote need not be references.
            guard let name = entry.name, let reference = try? ImageReference(parsing: name) else {
                continue
            }
            entries.append(Entry(reference: reference, descriptor: entry.descriptor))
        }
        // Read before the entries: what changed meanwhile is read again next time.
        cache.version = version
        cache.entries = entries
        cache.contents = [:]
    }

    private func version() throws(Problem) -> Version? {
        let file = content.references.file
        guard File.exists(file) else { return nil }
        let status = try asking("cannot look at \(file)") { () throws(SystemCallError) in
            try FileStatus(of: file)
        }
        return Version(
            identity: status.identity, modified: status.modified, sizeInBytes: status.sizeInBytes)
    }

    private func add(
        _ descriptor: Descriptor, to contents: inout RepositoryContents, depth: Int,
        facts: inout [Digest: ManifestFacts]
    ) throws(Problem) {
        guard depth < 8, contents.manifests[descriptor.digest] == nil,
            let known = try self.facts(of: descriptor, remembering: &facts)
        else { return }
        let digest = descriptor.digest
        contents.manifests[digest] = known.descriptor
        for blob in known.blobs { contents.blobs[blob.digest] = digest }
        if let subject = known.subject { contents.referrers[subject, default: []].append(digest) }
        for child in known.children {
            guard child.mediaType.isIndex || child.mediaType.isManifest else {
                contents.blobs[child.digest] = digest  // an index may name anything
                continue
            }
            contents.parents[child.digest] = digest
            try add(child, to: &contents, depth: depth + 1, facts: &facts)
        }
    }

    private func facts(
        of descriptor: Descriptor, remembering facts: inout [Digest: ManifestFacts]
    ) throws(Problem) -> ManifestFacts? {
        guard descriptor.mediaType.isIndex || descriptor.mediaType.isManifest,
            content.contains(descriptor.digest)
        else { return nil }
        if let known = facts[descriptor.digest] { return known }
        let found: ManifestFacts
        do throws(Problem) {
            found = try ManifestFacts(of: try content.document(descriptor.digest), descriptor)
        } catch  where [.corrupt, .invalid, .notFound].contains(error.kind) {
            return nil  // nobody can use it, and `kade system check` says so
        }
        if facts.count >= Self.manifestLimit { facts = [:] }
        var kept = found
        kept.annotations = [:]  // they may be megabytes, and only the referrers' list shows them
        facts[descriptor.digest] = kept
        return kept
    }
}
