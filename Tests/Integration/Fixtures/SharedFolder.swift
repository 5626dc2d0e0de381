import Foundation

/// A directory for what all tests of this process share; it goes when the process ends.
enum SharedFolder {
    /// Its path.
    static let path: String = {
        var template = Array("/tmp/kade-test-shared-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            fatalError("mkdtemp: \(String(cString: strerror(errno)))")
        }
        chmod(template, 0o755)  // for users that tests make
        // Best effort: what is left is in /tmp.
        atexit { try? FileManager.default.removeItem(atPath: SharedFolder.path) }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    /// The path of a name in the directory.
    static func at(_ name: String) -> String { path + "/" + name }
}
