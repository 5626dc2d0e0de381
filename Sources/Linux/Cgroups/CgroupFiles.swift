import Glibc
import SystemPackage

/// Reading and writing the small files of a cgroup, each in one call as the kernel wants it.
enum CgroupFiles {
    /// Reads a whole file as text.
    static func read(_ path: FilePath) throws(SystemCallError) -> String {
        let descriptor = try open(path, O_RDONLY)
        return String(decoding: try descriptor.readAll(), as: UTF8.self)
    }

    /// Writes a value with one `write(2)`.
    static func write(_ value: String, to path: FilePath) throws(SystemCallError) {
        try write([value], to: path)
    }

    /// Writes values one after the other, each with one `write(2)`.
    static func write(_ values: [String], to path: FilePath) throws(SystemCallError) {
        let descriptor = try open(path, O_WRONLY)
        for var value in values {
            try kernel("write", path.string) {
                value.withUTF8 { Glibc.write(descriptor.rawValue, $0.baseAddress, $0.count) }
            }
        }
    }

    /// Opens a file or directory.
    static func open(_ path: FilePath, _ flags: CInt) throws(SystemCallError) -> OwnedFD {
        OwnedFD(
            adopting: try kernel("open", path.string) {
                path.withPlatformString { Glibc.open($0, flags | O_CLOEXEC) }
            })
    }

    /// The first word after a key in a file of "key value" lines.
    static func value(of key: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, words[0] == key { return UInt64(words[1]) }
        }
        return nil
    }
}
