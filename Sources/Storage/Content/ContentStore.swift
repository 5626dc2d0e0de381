package import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// Content by its digest, in an OCI image layout on disk (image-spec, image-layout.md).
///
/// The layout is `image/` in the data root: `oci-layout`, `index.json` and `blobs/sha256/…`, which
/// other tools read as `oci:DATA/image:REFERENCE`. Beside them `ingest/` holds what is arriving.
/// A blob is in place only whole, verified and on the disk.
package struct ContentStore: Sendable {
    /// The directory of the layout.
    package let layout: FilePath
    /// With a draft, changes are made there and not on the disk.
    let draft: StoreDraft?

    /// Opens the store below a data root, and makes it where it is missing.
    ///
    /// - Parameter root: the data root, `/var/lib/kade`.
    /// - Throws: when the kernel refuses to make its directories.
    package init(root: FilePath) throws(Problem) {
        self.init(root: root, draft: nil)
        let (layout, ingest) = (layout, ingest)
        try asking("cannot open the image store \(layout)") { () throws(SystemCallError) in
            for directory in [layout.appending("blobs/sha256"), ingest] {
                try Directory.makeAll(directory, permissions: .storeDirectory)
            }
            let version = layout.appending("oci-layout")
            let text = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
            // What a power cut leaves of it has another size, and is written again: no pull into a
            // new store need wait for the disk because of it.
            if File.exists(version), try FileStatus(of: version).sizeInBytes == text.count {
                return
            }
            try File.replace(
                version, with: text, permissions: .storeFile, lasting: .processExit)
        }
    }

    /// The store below a data root as a draft changes it, which need not be there.
    package init(root: FilePath, draft: StoreDraft) {
        self.init(root: root, draft: Optional(draft))
    }

    private init(root: FilePath, draft: StoreDraft?) {
        layout = root.appending("image")
        self.draft = draft
    }

    /// The names of images.
    package var references: References { References(layout: layout, draft: draft) }

    /// Whether the content is here.
    package func contains(_ digest: Digest) -> Bool {
        File.exists(path(of: digest)) && draft?.content.hasRemoved(blob: digest) != true
    }

    /// The content's size, or nil when it is not here.
    package func sizeInBytes(of digest: Digest) throws(Problem) -> Int64? {
        guard let file = try openIfHere(digest) else { return nil }
        return try asking("cannot look at \(digest)") { () throws(SystemCallError) in
            try FileStatus(of: file).sizeInBytes
        }
    }

    /// Reads content into memory and verifies it.
    ///
    /// - Throws: `.notFound`; `.corrupt` when size or digest do not match; `.invalid` past the
    ///   limit.
    package func read(_ digest: Digest, limitInBytes: Int) throws(Problem) -> [UInt8] {
        guard let bytes = try readIfHere(digest, limitInBytes: limitInBytes) else {
            throw missing(digest)
        }
        return bytes
    }

    /// ``read(_:limitInBytes:)``, or nil when the content is not here.
    ///
    /// Content that nothing protects may go between two questions, so this is one.
    package func readIfHere(_ digest: Digest, limitInBytes: Int) throws(Problem) -> [UInt8]? {
        guard let file = try openIfHere(digest) else { return nil }
        let size = try asking("cannot read \(digest)") { () throws(SystemCallError) in
            try FileStatus(of: file).sizeInBytes
        }
        guard size <= limitInBytes else {
            throw Problem(
                kind: .invalid, what: "cannot read \(digest)",
                why: "it has \(size) bytes, more than the \(limitInBytes) expected at most")
        }
        let bytes = try asking("cannot read \(digest)") { () throws(SystemCallError) in
            try file.readAll()
        }
        var hasher = try ContentHasher(verifying: digest)
        bytes.withUnsafeBytes { hasher.update($0) }
        guard hasher.digest() == digest else { throw corrupt(digest, hasher.digest()) }
        return bytes
    }

    /// Opens content for reading; the reader verifies it where that matters.
    package func open(_ digest: Digest) throws(Problem) -> OwnedFD {
        guard let file = try openIfHere(digest) else { throw missing(digest) }
        return file
    }

    private func openIfHere(_ digest: Digest) throws(Problem) -> OwnedFD? {
        do throws(SystemCallError) {
            return try OwnedFD.open(path(of: digest), .readOnly)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(error, what: "cannot open \(digest)")
        }
    }

    /// Stores bytes that are in memory.
    ///
    /// - Returns: their SHA-256 digest.
    @discardableResult
    package func store(_ bytes: [UInt8]) throws(Problem) -> Digest {
        let digest = ContentHasher.sha256(bytes)
        if let draft {
            draft.note(.write(path(of: digest)))
            return digest
        }
        guard var writer = try writer(for: digest, sizeInBytes: Int64(bytes.count)) else {
            return digest
        }
        try writer.restart()
        try writer.write(bytes)
        return try writer.commit()
    }

    /// Stores bytes in memory under a digest, which is verified.
    package func store(_ bytes: [UInt8], as digest: Digest) throws(Problem) {
        guard var writer = try writer(for: digest, sizeInBytes: Int64(bytes.count)) else { return }
        try writer.restart()
        try writer.write(bytes)
        try writer.commit()
    }

    /// Where the content is or would be.
    package func path(of digest: Digest) -> FilePath {
        layout.appending("blobs").appending(digest.algorithm).appending(digest.encoded)
    }

    /// Where content arrives.
    package var ingest: FilePath { layout.appending("ingest") }

    private func missing(_ digest: Digest) -> Problem {
        Problem(
            kind: .notFound, what: "cannot open \(digest)",
            why: "the image store \(layout) does not have it", fix: "pull the image again")
    }

    private func corrupt(_ digest: Digest, _ found: Digest) -> Problem {
        Problem(
            kind: .corrupt, what: "cannot read \(digest)",
            why: "the file \(path(of: digest)) has the digest \(found)",
            fix: "remove the image and pull it again")
    }
}

extension FilePermissions {
    /// Directories of the store: everybody may look, as the files are public images.
    package static let storeDirectory = FilePermissions(rawValue: 0o755)
    /// Files of the store.
    package static let storeFile = FilePermissions(rawValue: 0o644)
    /// Directories that hold unpacked root file systems: root alone.
    package static let privateDirectory = FilePermissions(rawValue: 0o700)
}
