package import SystemPackage

extension Directory {
    /// The bytes of all files beneath a directory, each once however many names it has; what
    /// vanishes meanwhile counts as nothing.
    ///
    /// Directories and device nodes have no bytes of their own. No symbolic link is followed.
    package static func treeSizeInBytes(_ path: FilePath) throws(SystemCallError) -> Int64 {
        var size = TreeSize()
        try size.add(path)
        return size.sumInBytes
    }
}

/// A sum that knows what it has counted.
private struct TreeSize {
    var sumInBytes: Int64 = 0
    private var counted: Set<FileStatus.Identity> = []

    mutating func add(_ directory: FilePath) throws(SystemCallError) {
        for entry in try Self.ifPresent({ () throws(SystemCallError) in
            try Directory.list(directory)
        }) ?? [] {
            let path = directory.appending(entry.name)
            let status = try Self.ifPresent { () throws(SystemCallError) in
                try FileStatus(ofLink: path)
            }
            guard let status else { continue }
            switch status.kind {
            case .directory: try add(path)
            case .file, .symlink:
                guard status.linkCount == 1 || counted.insert(status.identity).inserted else {
                    continue
                }
                sumInBytes += status.sizeInBytes
            case .characterDevice, .blockDevice, .fifo, .socket: continue
            }
        }
    }

    /// What a call returns; nil where its file has vanished.
    private static func ifPresent<Result>(
        _ body: () throws(SystemCallError) -> Result
    ) throws(SystemCallError) -> Result? {
        do throws(SystemCallError) {
            return try body()
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }
}
