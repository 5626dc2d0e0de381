import Glibc
import SystemPackage

/// Directories of a cgroup hierarchy: making, listing and removing them.
enum CgroupDirectory {
    /// What came of making a directory.
    enum Making { case made, existed, parentIsMissing }

    /// Makes a directory; one that exists already is as good.
    static func make(_ directory: FilePath) throws(SystemCallError) -> Making {
        do {
            try kernel("mkdir", directory.string) {
                directory.withPlatformString { mkdir($0, 0o755) }
            }
            return .made
        } catch  where error.errno == .fileExists {
            return .existed
        } catch  where error.errno == .noSuchFileOrDirectory {
            return .parentIsMissing
        }
    }

    /// The directories between a hierarchy's mount point and a cgroup, both excluded, top first.
    static func ancestors(of path: String, in hierarchy: CgroupLayout.Hierarchy) -> [FilePath] {
        var directories: [FilePath] = []
        var directory = hierarchy.mountPoint.string
        var rest = path.utf8.drop { $0 == UInt8(ascii: "/") }
        while let end = rest.firstIndex(of: UInt8(ascii: "/")) {
            let next = rest[end...].drop { $0 == UInt8(ascii: "/") }
            if next.isEmpty { break }  // a "/" behind the last name
            directory += "/\(Substring(rest[..<end]))"
            directories.append(FilePath(directory))
            rest = next
        }
        return directories
    }

    /// The directory and all below it, parents before children; empty when it does not exist.
    static func tree(_ directory: FilePath) throws(SystemCallError) -> [FilePath] {
        guard let children = try children(of: directory) else { return [] }
        var all = [directory]
        for child in children { all += try tree(child) }
        return all
    }

    /// Removes a directory.
    ///
    /// - Returns: false when the kernel says that something still uses it (EBUSY).
    static func remove(_ directory: FilePath) throws(SystemCallError) -> Bool {
        do {
            try kernel("rmdir", directory.string) { directory.withPlatformString { rmdir($0) } }
            return true
        } catch  where error.errno == .noSuchFileOrDirectory {
            return true
        } catch  where error.errno == .resourceBusy {
            return false
        }
    }

    /// The cgroups directly below one, or nil when it does not exist.
    private static func children(of directory: FilePath) throws(SystemCallError) -> [FilePath]? {
        let descriptor: OwnedFD
        do {
            descriptor = try CgroupFiles.open(directory, O_RDONLY | O_DIRECTORY)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
        guard let stream = fdopendir(descriptor.rawValue) else {
            throw SystemCallError(call: "fdopendir", subject: directory.string, errno: .noMemory)
        }
        _ = descriptor.release()  // closedir closes it
        defer { closedir(stream) }
        var children: [FilePath] = []
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { children.append(directory.appending(name)) }
        }
        return children
    }
}
