import Diagnostics
import OCI
import Storage

/// A directory as the transport `dir:` of containers/image writes it, seen as an OCI image layout.
///
/// It holds one image: `manifest.json` is its manifest (or index), and each blob is a file of the
/// name of its digits; the manifests of an index end in `.manifest.json`.
struct DirectoryTransport: ArchiveSource {
    private let directory: DirectorySource
    private let root: Descriptor
    private let index: [UInt8]

    /// Whether a directory looks like one.
    static func isOne(_ directory: DirectorySource) -> Bool {
        directory.contains("version") && directory.contains("manifest.json")
            && !directory.contains("oci-layout")
    }

    init(_ directory: DirectorySource) throws(Problem) {
        self.directory = directory
        let bytes = try directory.read("manifest.json", limitInBytes: documentLimitInBytes)
        let json = try JSONValue.parse(bytes, named: "manifest.json of \(directory.name)")
        let isIndex = json["manifests"] != nil
        let type =
            json["mediaType"]?.string.map { MediaType(rawValue: $0) }
            ?? (isIndex ? .index : .manifest)
        guard type.isManifest || type.isIndex else {
            throw Problem(
                kind: .unsupported, what: "cannot load \(directory.name)",
                why: "its manifest is of the type \(type)",
                fix: "copy it with skopeo copy --format oci")
        }
        root = Descriptor(
            mediaType: type, digest: ContentHasher.sha256(bytes), size: Int64(bytes.count))
        index = ImageIndex(schemaVersion: 2, mediaType: .index, manifests: [root]).json()
    }

    var name: String { directory.name }

    func contains(_ path: String) -> Bool {
        path == "index.json" || path == "oci-layout" || file(path) != nil
    }

    func sizeInBytes(of path: String) throws(Problem) -> Int64 {
        guard path != "index.json" else { return Int64(index.count) }
        guard let file = file(path) else { throw missing(path) }
        return try directory.sizeInBytes(of: file)
    }

    func open(_ path: String) throws(Problem) -> any ByteSource {
        guard path != "index.json" else { return MemorySource(index) }
        guard let file = file(path) else { throw missing(path) }
        return try directory.open(file)
    }

    /// The file that stands for a path of a layout, such as `blobs/sha256/…`.
    private func file(_ path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 3, parts[0] == "blobs" else { return nil }
        if "\(parts[1]):\(parts[2])" == "\(root.digest)" { return "manifest.json" }
        let name = parts[1] == "sha256" ? parts[2] : "\(parts[1])-\(parts[2])"
        return [name, name + ".manifest.json"].first { directory.contains($0) }
    }
}
