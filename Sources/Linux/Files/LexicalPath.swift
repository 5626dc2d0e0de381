import Glibc
package import SystemPackage

extension FilePath {
    /// The path without "." and "..", which are taken out as they stand.
    ///
    /// swift-system's way to that looks up every component. Nearly all paths have none that begins
    /// with a dot, which one look at their bytes tells.
    package var withoutDots: FilePath {
        let isPlain = withPlatformString { text in
            var next = text
            var isAtStart = true
            while next.pointee != 0 {
                if isAtStart, next.pointee == CChar(UInt8(ascii: ".")) { return false }
                isAtStart = next.pointee == CChar(UInt8(ascii: "/"))
                next += 1
            }
            return true
        }
        return isPlain ? self : lexicallyNormalized()
    }
}
