import Diagnostics
import Linux
import OCI
import SystemPackage

/// The standard streams of a container's first process, which are those of its runtime's caller.
enum CRIUStreams {
    private static let file: FilePath = "descriptors.json"

    /// Writes down what the streams are, as runc does.
    static func keep(of process: CInt, in images: borrowing OwnedFD) throws(Problem) {
        try explaining("cannot keep the standard streams of process \(process)") {
            () throws(SystemCallError) in
            var json = JSONWriter(.compact)
            json.beginArray()
            for descriptor in 0...2 {
                json.write(
                    try Link.target(of: FilePath("/proc/\(process)/fd/\(descriptor)")).string)
            }
            json.endArray()
            try images.open(
                file, [.writeOnly, .create, .truncate], permissions: .ownerReadWrite
            ).writeAll(json.bytes)
        }
    }

    /// The pipes among them, which the runtime's own streams replace.
    static func pipes(in images: borrowing OwnedFD) throws(Problem) -> [(
        key: String, descriptor: CInt
    )] {
        let bytes = try explaining(
            "cannot read what the standard streams were", fix: "name the images with --image-path"
        ) { () throws(SystemCallError) in try images.open(file, .readOnly).readAll() }
        let names = try JSONValue.parse(bytes, named: "descriptors.json").array ?? []
        return names.enumerated().compactMap { index, name in
            guard let name = name.string, name.hasPrefix("pipe:") else { return nil }
            return (name, CInt(index))
        }
    }
}
