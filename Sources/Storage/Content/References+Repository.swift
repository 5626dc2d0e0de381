package import Diagnostics
package import OCI

/// A repository of a registry as entries of the index: tags are names with a tag, and manifests
/// without one are named by their digest ("localhost:5000/app@sha256:…").
///
/// What an index names needs no entry of its own while the index has one.
extension References {
    /// What a repository receives.
    package struct Arrival: Sendable {
        /// The manifest or index.
        package var descriptor: Descriptor
        /// The manifest that other tools find under its tags (see ``ContentStore/name(_:_:)``).
        package var translation: Descriptor?
        /// What the index names, at any depth.
        package var children: Set<Digest>

        package init(descriptor: Descriptor, translation: Descriptor?, children: Set<Digest>) {
            self.descriptor = descriptor
            self.translation = translation
            self.children = children
        }
    }

    /// Puts a manifest into a repository, under tags or by its digest alone.
    ///
    /// What a tag named before stays in the repository by its digest.
    ///
    /// - Parameters:
    ///   - arrival: what has come.
    ///   - repository: a reference of the repository.
    ///   - tags: its tags; none leave those that it has.
    /// - Throws: what the kernel refuses.
    package func put(
        _ arrival: Arrival, into repository: ImageReference, tags: [String]
    ) throws(Problem) {
        try change { entries in
            let digest = arrival.descriptor.digest
            let names = Set(tags.map { "\(repository.with(tag: $0))" })
            let replaced = entries.filter { names.contains($0.name ?? "") }
            let known = entries.first { $0.descriptor.digest == digest }?.translation
            let isTagged = { (entry: Entry) in
                repository.isTag(entry.name) && entry.descriptor.digest == digest
            }
            let unneeded = arrival.children.union(
                tags.isEmpty && !entries.contains(where: isTagged) ? [] : [digest])
            entries.removeAll { entry in
                names.contains(entry.name ?? "")
                    || (entry.name == nil && entry.descriptor.digest == digest)
                    || (unneeded.contains(entry.descriptor.digest)
                        && entry.name == "\(repository.with(digest: entry.descriptor.digest))")
            }
            for tag in tags {
                var entry = Entry(
                    name: "\(repository.with(tag: tag))", descriptor: arrival.descriptor)
                entry.translation = arrival.translation ?? known
                entries.append(entry)
            }
            for old in replaced where !arrival.children.contains(old.descriptor.digest) {
                entries.keep(old.descriptor, in: repository)
            }
            entries.keep(arrival.descriptor, in: repository)
        }
    }

    /// Removes a tag of a repository; what it named stays there by its digest.
    ///
    /// - Returns: whether there was such a tag.
    package func removeTag(_ tag: String, of repository: ImageReference) throws(Problem) -> Bool {
        var isRemoved = false
        try change { entries in
            let name = "\(repository.with(tag: tag))"
            let removed = entries.filter { $0.name == name }
            entries.removeAll { $0.name == name }
            for entry in removed { entries.keep(entry.descriptor, in: repository) }
            isRemoved = !removed.isEmpty
        }
        return isRemoved
    }

    /// Removes a manifest or index from a repository, with all its tags there.
    ///
    /// - Parameters:
    ///   - digest: the manifest's.
    ///   - repository: a reference of the repository.
    ///   - children: what an index names, as far as it is here: it stays, by its digest.
    /// - Returns: whether it was there.
    /// - Throws: what the kernel refuses.
    package func remove(
        _ digest: Digest, from repository: ImageReference, keeping children: [Descriptor]
    ) throws(Problem) -> Bool {
        var isRemoved = false
        try change { entries in
            let count = entries.count
            entries.removeAll {
                $0.descriptor.digest == digest && repository.isRepository(of: $0.name)
            }
            isRemoved = entries.count < count
            guard isRemoved else { return }
            for child in children { entries.keep(child, in: repository) }
        }
        return isRemoved
    }
}

extension [References.Entry] {
    /// Adds a manifest to a repository by its digest, unless it has a name there.
    fileprivate mutating func keep(_ descriptor: Descriptor, in repository: ImageReference) {
        let isNamed = contains {
            $0.descriptor.digest == descriptor.digest && repository.isRepository(of: $0.name)
        }
        guard !isNamed else { return }
        append(
            References.Entry(
                name: "\(repository.with(digest: descriptor.digest))",
                descriptor: Descriptor(
                    mediaType: descriptor.mediaType, digest: descriptor.digest,
                    size: descriptor.size)))
    }
}

extension ImageReference {
    /// Whether a name of an entry is one of this reference's repository.
    package func isRepository(of name: String?) -> Bool {
        guard let name, name.hasPrefix(repository) else { return false }
        let next = name.utf8.dropFirst(repository.utf8.count).first
        return next == UInt8(ascii: ":") || next == UInt8(ascii: "@")
    }

    /// Whether a name of an entry is a tag of this reference's repository.
    fileprivate func isTag(_ name: String?) -> Bool {
        guard let name, isRepository(of: name) else { return false }
        return name.utf8.dropFirst(repository.utf8.count).first == UInt8(ascii: ":")
    }
}
