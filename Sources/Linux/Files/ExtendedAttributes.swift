import CLinux
import Glibc
package import SystemPackage

/// Extended attributes (`xattr(7)`): named values on a file, such as `security.capability`.
///
/// Every call acts on a symbolic link itself, not on what it points to.
package enum ExtendedAttributes {
    /// The names on a file.
    ///
    /// The system call is `llistxattr(2)`.
    package static func names(of path: FilePath) throws(SystemCallError) -> [String] {
        let bytes = try growing("llistxattr", "\(path)") { buffer, size in
            path.withPlatformString {
                clinux_llistxattr($0, buffer?.assumingMemoryBound(to: CChar.self), size)
            }
        }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A value, or nil where the file has none of this name.
    ///
    /// The system call is `lgetxattr(2)`.
    package static func value(
        of name: String, on path: FilePath
    ) throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            return try growing("lgetxattr", "\(path)") { buffer, size in
                path.withPlatformString { clinux_lgetxattr($0, name, buffer, size) }
            }
        } catch  where error.errno == .noData {
            return nil
        }
    }

    /// Sets a value, new or in place of one.
    ///
    /// The system call is `lsetxattr(2)`.
    package static func set(
        _ name: String, to value: [UInt8], on path: FilePath
    ) throws(SystemCallError) {
        try kernel("lsetxattr", "\(name) on \(path)") {
            path.withPlatformString { clinux_lsetxattr($0, name, value, UInt64(value.count), 0) }
        }
    }

    /// Removes a value.
    ///
    /// The system call is `lremovexattr(2)`.
    package static func remove(
        _ name: String, from path: FilePath
    ) throws(SystemCallError) {
        try kernel("lremovexattr", "\(name) on \(path)") {
            path.withPlatformString { clinux_lremovexattr($0, name) }
        }
    }

    /// Asks for the size, then for the content, again while it grows in between.
    fileprivate static func growing(
        _ call: StaticString, _ subject: @autoclosure () -> String,
        _ read: (UnsafeMutableRawPointer?, UInt64) -> Int64
    ) throws(SystemCallError) -> [UInt8] {
        while true {
            let size = try kernel(call, subject()) { read(nil, 0) }
            if size == 0 { return [] }
            var content = [UInt8](repeating: 0, count: Int(size))
            do throws(SystemCallError) {
                let filled = try kernel(call, subject()) {
                    content.withUnsafeMutableBytes { read($0.baseAddress, UInt64($0.count)) }
                }
                content.removeLast(content.count - Int(filled))
                return content
            } catch  where error.errno == .outOfRange {
                continue
            }
        }
    }
}

extension OwnedFD {
    /// Sets an extended attribute of the open file.
    ///
    /// The system call is `fsetxattr(2)`.
    package borrowing func setExtendedAttribute(
        _ name: String, to value: [UInt8]
    ) throws(SystemCallError) {
        try kernel("fsetxattr", "\(name) on \(describe(rawValue))") {
            clinux_fsetxattr(rawValue, name, value, UInt64(value.count), 0)
        }
    }
}

extension OwnedFD {
    /// The names of the open file's attributes; none where its file system has no attributes.
    ///
    /// The system call is `flistxattr(2)`.
    package borrowing func extendedAttributeNames() throws(SystemCallError) -> [String] {
        var list = [CChar](repeating: 0, count: 65536)  // the kernel's XATTR_LIST_MAX
        do throws(SystemCallError) {
            let size = try kernel("flistxattr", describe(rawValue)) {
                clinux_flistxattr(rawValue, &list, UInt64(list.count))
            }
            return list[..<Int(size)].split(separator: 0).map {
                String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        } catch  where error.errno == .notSupported {
            return []
        }
    }

    /// The value of an attribute of the open file; nil when it, or its file system, has none of the
    /// name.
    ///
    /// The system call is `fgetxattr(2)`.
    package borrowing func extendedAttribute(_ name: String) throws(SystemCallError) -> [UInt8]? {
        let number = rawValue
        do throws(SystemCallError) {
            return try ExtendedAttributes.growing(
                "fgetxattr", "\(name) of \(describe(number))"
            ) { buffer, size in clinux_fgetxattr(number, name, buffer, size) }
        } catch  where error.errno == .noData || error.errno == .notSupported {
            return nil
        }
    }
}
