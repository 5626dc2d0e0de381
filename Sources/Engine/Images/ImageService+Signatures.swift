package import Diagnostics
package import SystemPackage

// Being filled in: each of these moves to a file of its own.
extension ImageService {
    /// Images, newest first; `conditions` are dangling, label, before, since and reference.
    package func list(
        matching conditions: [(key: String, value: String)]
    ) throws(Problem) -> [ImageSummary] {
        throw missing()
    }

    /// Whether the store has the image (for this platform, where one is asked).
    package func contains(_ name: String, platform: String?) throws(Problem) -> Bool {
        throw missing()
    }

    /// Fetches an image from its registry with `kade-server`.
    ///
    /// - Returns: the full reference that was pulled.
    @discardableResult
    package func pull(
        _ reference: String, platform: String?,
        progress: (TransferEvent) -> Void
    ) throws(Problem) -> String {
        throw missing()
    }

    /// Reads a docker-archive, an oci-archive or an OCI layout.
    ///
    /// - Returns: the references (or IDs) that it held.
    package func load(
        from archive: FilePath, progress: (TransferEvent) -> Void
    ) throws(Problem) -> [String] {
        throw missing()
    }

    /// Makes an image of one layer from a root file system's tar archive.
    ///
    /// - Returns: the image's ID.
    package func importRootfs(_ request: ImportRequest) throws(Problem) -> String {
        throw missing()
    }

    /// Gives an image a further name.
    package func tag(_ name: String, as reference: String) throws(Problem) { throw missing() }

    /// Removes a name, and with the last name the image.
    package func remove(_ name: String, force: Bool) throws(Problem) -> [ImageRemoval] {
        throw missing()
    }

    private func missing() -> Problem {
        Problem(kind: .unsupported, what: "cannot do that yet", why: "this part is being written")
    }
}

/// What `import` asks.
package struct ImportRequest: Sendable {
    /// The archive; compressed or not.
    package var archive: FilePath
    /// The new image's name, or nil.
    package var reference: String?
    /// `-m`.
    package var message: String?
    /// `-c`: Dockerfile instructions CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME
    /// and WORKDIR.
    package var changes: [String] = []
    /// `--platform`.
    package var platform: String?

    package init(archive: FilePath) {
        self.archive = archive
    }
}
