package import SystemPackage

extension Directory {
    /// The bytes of all files beneath a directory, each once however many names it has; what
    /// vanishes meanwhile counts as nothing.
    ///
    /// Directories and device nodes have no bytes of their own. No symbolic link is followed.
    package static func treeSizeInBytes(_ path: FilePath) throws(SystemCallError) -> Int64 {
        var size = TreeSize()
        try size.add(path, device: nil)
        return size.usage.sizeInBytes
    }

    /// What a file, or a directory with all beneath it, takes on the disk; nothing where there is
    /// none.
    ///
    /// An EROFS image that is mounted beneath takes nothing more than the files that it is in.
    package static func treeUsage(_ path: FilePath) throws(SystemCallError) -> TreeUsage {
        var size = TreeSize()
        guard
            let status = try TreeSize.ifPresent({ () throws(SystemCallError) in
                try FileStatus(ofLink: path)
            })
        else { return TreeUsage() }
        size.usage.files = 1
        size.usage.allocatedInBytes = status.allocatedInBytes
        if status.kind == .directory {
            try size.add(path, device: status.identity.device)
        } else {
            size.usage.sizeInBytes = status.sizeInBytes
        }
        return size.usage
    }
}

/// What files and directories take on a disk.
package struct TreeUsage: Sendable, Equatable {
    /// Names, directories included; the names of one file count once.
    package var files = 0
    /// The bytes of files and symbolic links.
    package var sizeInBytes: Int64 = 0
    /// The space on the disk (`st_blocks`), that of directories included.
    package var allocatedInBytes: Int64 = 0

    package init() {}

    /// Adds what something else takes.
    package mutating func add(_ other: TreeUsage) {
        files += other.files
        sizeInBytes += other.sizeInBytes
        allocatedInBytes += other.allocatedInBytes
    }
}

/// A sum that knows what it has counted.
private struct TreeSize {
    var usage = TreeUsage()
    private var counted: Set<FileStatus.Identity> = []

    /// Adds what is in a directory; `device` is that of its file system, where it matters.
    mutating func add(_ directory: FilePath, device: UInt64?) throws(SystemCallError) {
        for entry in try Self.ifPresent({ () throws(SystemCallError) in
            try Directory.list(directory)
        }) ?? [] {
            let path = directory.appending(entry.name)
            let status = try Self.ifPresent { () throws(SystemCallError) in
                try FileStatus(ofLink: path)
            }
            guard let status else { continue }
            if status.kind == .directory, let device, device != status.identity.device,
                try Self.isImage(path)
            {
                continue
            }
            if status.kind != .directory, status.linkCount > 1,
                !counted.insert(status.identity).inserted
            {
                continue
            }
            usage.files += 1
            usage.allocatedInBytes += status.allocatedInBytes
            switch status.kind {
            case .directory: try add(path, device: device.map { _ in status.identity.device })
            case .file, .symlink: usage.sizeInBytes += status.sizeInBytes
            case .characterDevice, .blockDevice, .fifo, .socket: continue
            }
        }
    }

    private static func isImage(_ path: FilePath) throws(SystemCallError) -> Bool {
        try FileSystemStatus(of: OwnedFD.open(path, [.path, .directory])).type
            == FileSystemStatus.erofs
    }

    /// What a call returns; nil where its file has vanished.
    static func ifPresent<Result>(
        _ body: () throws(SystemCallError) -> Result
    ) throws(SystemCallError) -> Result? {
        do throws(SystemCallError) {
            return try body()
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }
}
