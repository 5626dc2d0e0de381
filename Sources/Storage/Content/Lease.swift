package import Diagnostics
import Linux
package import OCI
import SystemPackage

/// Protects content and layers from the garbage collector while nothing names them yet.
///
/// A pull or load holds one from before it looks for the first blob until it has set the reference;
/// creating a container holds one for its layers until the container is recorded. It ends with the
/// value, or with the process.
package struct Lease: ~Copyable, Sendable {
    private let file: OwnedFD
    private let path: FilePath
    private let garbageLock: FilePath

    fileprivate init(file: consuming OwnedFD, path: FilePath, garbageLock: FilePath) {
        self.file = file
        self.path = path
        self.garbageLock = garbageLock
    }

    deinit {
        // Best effort: the collector removes a lease that nobody holds.
        try? asking("") { () throws(SystemCallError) in try Link.remove(path) }
    }

    /// Protects blobs (by digest) and layers (by diffID), present or not.
    ///
    /// Ask for protection first and look afterwards: what is there then stays.
    package func protect(_ digests: [Digest]) throws(Problem) {
        let text = digests.map { "\($0)\n" }.joined()
        do throws(SystemCallError) {
            let lock = try FileLock(garbageLock, .shared)
            try file.writeAll(text)
            _ = consume lock
        } catch {
            throw Problem(error, what: "cannot protect content from removal")
        }
    }
}

extension ContentStore {
    /// Begins to protect content; see ``Lease``.
    package func lease() throws(Problem) -> Lease {
        let path = ingest.appending("lease-\(Random.hexadecimal(bytes: 8))")
        let garbageLock = garbageLock
        return try asking("cannot protect content from removal") { () throws(SystemCallError) in
            let lock = try FileLock(garbageLock, .shared)  // or it is collected before it is held
            let file = try OwnedFD.open(
                path, [.readWrite, .create, .exclusive], permissions: .storeFile)
            _ = try file.lock(.exclusive, wait: true, "\(path)")
            _ = consume lock
            return Lease(file: file, path: path, garbageLock: garbageLock)
        }
    }

    /// The lock that the collector holds alone and those who protect content share.
    var garbageLock: FilePath { ingest.appending("garbage.lock") }

    /// What leases protect now; a lease that nobody holds is removed.
    func leasedDigests() throws(Problem) -> Set<Digest> {
        let ingest = ingest
        guard draft == nil || File.exists(ingest) else { return [] }
        let isDraft = draft != nil
        let texts = try asking("cannot read what is protected") { () throws(SystemCallError) in
            var texts: [String] = []
            for entry in try Directory.list(ingest) where entry.name.string.hasPrefix("lease-") {
                let path = ingest.appending(entry.name)
                let file: OwnedFD
                do throws(SystemCallError) {
                    file = try OwnedFD.open(path, .readOnly)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue  // it has ended
                }
                if try file.lock(.shared, wait: false, "\(path)") {
                    if !isDraft { try Link.remove(path) }
                } else {
                    texts.append(String(decoding: try file.readAll(), as: UTF8.self))
                }
            }
            return texts
        }
        var digests: Set<Digest> = []
        for line in texts.joined().split(separator: "\n") {
            digests.insert(try Digest(parsing: line))
        }
        return digests
    }
}
