import CLinux
import SystemPackage

extension OwnedFD {
    /// Copies the content of this file into one that is open for writing and empty.
    ///
    /// Where the file system can, both share their blocks until one of them is changed; gaps stay
    /// gaps. The system call is `copy_file_range(2)`, and reading and writing where the kernel
    /// refuses that, as between two file systems. It moves the offsets of both.
    ///
    /// - Parameters:
    ///   - copy: the other file.
    ///   - sizeInBytes: how long the copy becomes.
    /// - Throws: the kernel's refusal.
    package borrowing func copyContent(
        to copy: borrowing OwnedFD, sizeInBytes: Int64
    ) throws(SystemCallError) {
        var offset: Int64 = 0
        while offset < sizeInBytes, let range = try dataRange(fromOffsetInBytes: offset) {
            try seek(toOffsetInBytes: range.lowerBound)
            try copy.seek(toOffsetInBytes: range.lowerBound)
            try copyBytes(range.upperBound - range.lowerBound, to: copy)
            offset = range.upperBound
        }
        try copy.truncate(toSizeInBytes: sizeInBytes)
    }

    /// Copies bytes from one file's offset to the other's; fewer where the file has become shorter.
    private borrowing func copyBytes(
        _ countInBytes: Int64, to copy: borrowing OwnedFD
    ) throws(SystemCallError) {
        let (source, target) = (rawValue, copy.rawValue)
        var left = countInBytes
        var isRefused = false
        while left > 0 {
            if isRefused {
                let bytes = try read(upToBytes: Int(min(left, 1 << 18)))
                if bytes.isEmpty { return }
                try copy.writeAll(bytes)
                left -= Int64(bytes.count)
                continue
            }
            do throws(SystemCallError) {
                let count = try kernel("copy_file_range", describe(target)) {
                    clinux_copy_file_range(source, target, UInt64(left))
                }
                if count == 0 { isRefused = true }  // some file systems say so and mean nothing
                left -= count
            } catch {
                guard Self.leavesCopyingToUs.contains(error.errno) else { throw error }
                isRefused = true
            }
        }
    }

    /// What the kernel says where it wants the content read and written.
    private static var leavesCopyingToUs: [Errno] {
        [
            .improperLink, .invalidArgument, .notSupported, .notSupportedOnSocket, .noFunction,
            .notPermitted,
        ]
    }
}
