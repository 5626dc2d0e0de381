import Diagnostics
import Linux
import SystemPackage

/// Paths that nothing inside can read: `linux.maskedPaths` (config-linux.md § Masked Paths).
///
/// A file is covered by the null device, a directory by an empty tmpfs, one for all directories
/// (`OPEN_TREE_CLONE`). What does not exist needs no mask.
struct MaskedPaths: SetupStep {
    let paths: [FilePath]

    var explanation: Explanation {
        let list = paths.map(\.string).joined(separator: " ")
        return Explanation(
            shell: "for p in \(list); do if [ -d $p ]; then mount -t tmpfs -o ro,size=0k tmpfs $p; "
                + "elif [ -e $p ]; then mount --bind /dev/null $p; fi; done",
            why: "files of the kernel that tell or change too much are out of reach",
            spec: "linux.maskedPaths")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let null = try openNull(in: context)
        try context.beneathRootfs("cannot mask a path") { (rootfs) throws(SystemCallError) in
            var cover: OwnedFD?
            for path in paths {
                guard let place = try rootfs.openIfPresent(path) else { continue }
                if try FileStatus(of: place).isDirectory {
                    cover = try coverDirectory(place, again: cover)
                } else {
                    let mask = try DetachedMount(cloning: null, isRecursive: false)
                    try mask.attach(onto: place)
                }
            }
        }
    }

    /// Covers a directory with a new tmpfs, or with a clone of the one that covers another.
    private func coverDirectory(
        _ place: borrowing OwnedFD, again cover: consuming OwnedFD?
    ) throws(SystemCallError) -> OwnedFD {
        if let cover {
            try DetachedMount(cloning: cover, isRecursive: false).attach(onto: place)
            return cover
        }
        let tmpfs = try FileSystemContext(type: "tmpfs")
        try tmpfs.set("source", to: "tmpfs")
        try tmpfs.set("nr_blocks", to: "1")
        try tmpfs.set("nr_inodes", to: "1")
        let mount = try tmpfs.mount(.sealed)
        try mount.attach(onto: place)
        return mount.takeDescriptor()
    }

    /// Opens the container's null device and makes sure that it is one: another file in its place
    /// would be shown through every mask (CVE-2025-31133).
    private func openNull(in context: borrowing SetupContext) throws(Problem) -> OwnedFD {
        try context.beneathRootfs("cannot mask files with /dev/null") {
            (rootfs) throws(SystemCallError) in
            let null = try rootfs.openLast("/dev/null")
            guard try FileStatus(of: null).isNullDevice else {
                throw SystemCallError(
                    call: "openat2", subject: "/dev/null (not the null device)",
                    errno: .noSuchAddressOrDevice)
            }
            return null
        }
    }
}

extension RootedDirectory {
    /// Opens the path's last component itself with `O_PATH`, also when it is a symbolic link.
    borrowing func openLast(_ path: FilePath) throws(SystemCallError) -> OwnedFD {
        try open(path, .path.union(.noFollow))
    }

    /// Opens a path with `O_PATH`; nil where there is none.
    borrowing func openIfPresent(_ path: FilePath) throws(SystemCallError) -> OwnedFD? {
        do throws(SystemCallError) {
            return try openIfPresent(path, .path)
        } catch  where error.errno == .notDirectory {
            return nil
        }
    }
}
