import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Unpacking

/// Unpacks an archive as a layer of a data root, as a download would.
///
/// - Returns: the layer's diffID.
@discardableResult
func unpack(
    _ archive: String, diffID: Digest, into root: FilePath, _ choice: SnapshotterChoice = .directory
) throws(Problem) -> Digest {
    var layers = try Layers(root: root)
    layers.snapshotter = choice
    guard let ingest = try layers.ingest(diffID) else { return diffID }
    let bytes: [UInt8]
    do throws(SystemCallError) {
        bytes = try File.read(FilePath(archive))
    } catch {
        throw Problem(error, what: "cannot read \(archive)")
    }
    var problem: Problem?
    bytes.withUnsafeBytes { buffer in
        do throws(Problem) {
            try ingest.write(buffer)
        } catch {
            problem = error
        }
    }
    if let problem { throw problem }
    try ingest.finish()
    return diffID
}

/// The digest of a file, by `sha256sum`.
func digest(of path: String) throws -> Digest {
    let line = try Tool.check("sha256sum", path)
    return try Digest(parsing: "sha256:" + line.prefix(64))
}

extension SnapshotterChoice {
    /// The ways to keep layers that this machine has.
    static let here: [SnapshotterChoice] =
        [.directory] + (canMountErofs ? [.erofs] : []) + (canShareFiles ? [.composefs] : [])
}
