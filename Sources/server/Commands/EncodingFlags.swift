import Diagnostics
import OCI

/// How layers are compressed, as several commands are told.
extension FlagReading {
    /// Takes a flag that says how layers are compressed.
    ///
    /// - Returns: whether it is one.
    mutating func take(
        _ flag: String, into encoding: inout LayerEncoding
    ) throws(Problem) -> Bool {
        switch flag {
        case "--compression":
            let name = try value(of: flag)
            guard let known = LayerEncoding.Format(rawValue: name) else {
                throw mistake("it does not compress as \(name)")
            }
            encoding.format = known
        case "--compression-level":
            let text = try value(of: flag)
            guard let level = Int(text) else {
                throw mistake("'\(text)' is no compression level")
            }
            encoding.level = level
        case "--force-compression": encoding.isForced = try bool(of: flag)
        default: return false
        }
        return true
    }

    /// Refuses a level that the format does not have.
    func check(_ encoding: LayerEncoding) throws(Problem) {
        if let level = encoding.level, !encoding.format.levels.contains(level) {
            throw mistake("\(encoding.format.rawValue) has no level \(level)")
        }
    }
}
