import Glibc
package import SystemPackage

/// A path taken apart before its last component.
///
/// It looks at the path's bytes: the first use of swift-system's collection of components costs a
/// start of the runtime 60 µs.
package struct PathParts {
    /// What is before the last component: "/" or nothing at the path's beginning.
    package let directory: FilePath
    /// The last component; nothing for the root.
    package let name: FilePath

    package init(_ path: FilePath) {
        self = path.withPlatformString { text in
            var start = strlen(text)
            while start > 0, text[start - 1] != CChar(UInt8(ascii: "/")) { start -= 1 }
            return PathParts(
                directory: Self.copy(text, count: start > 1 ? start - 1 : start),
                name: FilePath(platformString: text + start))
        }
    }

    private init(directory: FilePath, name: FilePath) {
        self.directory = directory
        self.name = name
    }

    /// Whether the last component is a name, and not "." or "..".
    package var isNamed: Bool { !name.isEmpty && name != "." && name != ".." }

    private static func copy(_ text: UnsafePointer<CChar>, count: Int) -> FilePath {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: count + 1)
        defer { buffer.deallocate() }
        buffer.initialize(from: text, count: count)
        buffer[count] = 0
        return FilePath(platformString: buffer)
    }
}
