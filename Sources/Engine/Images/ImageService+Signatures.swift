package import Diagnostics
package import SystemPackage

// Being filled in: each of these moves to a file of its own.
extension ImageService {
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
