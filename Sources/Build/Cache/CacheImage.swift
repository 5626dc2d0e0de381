import Diagnostics
import OCI
import Storage

/// What a build made, as an image tells it: the member `kade.build.cache.v1` of a configuration.
///
/// The layers are those of the image itself, so that whatever moves images moves a cache: a
/// registry, a layout on disk. With `type=inline` it is the image that was built.
struct CacheImage: Equatable {
    static let member = "kade.build.cache.v1"

    /// The results by their keys; nil left the files as they were.
    var records: [Digest: Digest?] = [:]

    init() {}

    /// Reads an image's configuration; empty where it tells nothing.
    init(_ configuration: ImageConfiguration) throws(Problem) {
        guard let list = configuration.unknownFields[Self.member]?["records"]?.array else { return }
        let known = Set(configuration.rootfs.diffIDs)
        for record in list {
            let key = try Digest(parsing: record["key"]?.string ?? "")
            let diffID = try record["diffID"]?.string.map { text throws(Problem) in
                try Digest(parsing: text)
            }
            // What the image does not have was left out where it was exported.
            if let diffID, !known.contains(diffID) { continue }
            records[key] = .some(diffID)
        }
    }

    /// The member's value.
    var json: JSONValue {
        let sorted = records.sorted { $0.key.encoded < $1.key.encoded }
        return [
            "records": .array(
                sorted.map { key, diffID in
                    var record: JSONObject = ["key": .string("\(key)")]
                    if let diffID { record.append("diffID", .string("\(diffID)")) }
                    return .object(record)
                })
        ]
    }
}

/// Where a cache comes from or goes to: `--cache-from` and `--cache-to`.
package enum CachePlace: Sendable, Equatable {
    /// An image of a registry.
    case registry(String)
    /// A directory with an OCI layout.
    case local(String)
    /// The image that is built.
    case inline
}

/// `--cache-to`.
package struct CacheExport: Sendable, Equatable {
    package var place: CachePlace
    /// `mode=max`: all stages, and not the image's own layers alone.
    package var includesAllStages: Bool

    package init(_ place: CachePlace, includesAllStages: Bool) {
        self.place = place
        self.includesAllStages = includesAllStages
    }
}
