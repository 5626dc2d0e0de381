package import SystemPackage

/// The mounts of a process's mount namespace, as the kernel lists them (proc_pid_mountinfo(5)).
package struct MountTable: Sendable {
    /// In the order of mounting; a later one may hide an earlier one.
    package let entries: [Entry]

    /// One mount.
    package struct Entry: Sendable, Equatable {
        /// What `statx(2)` calls `stx_mnt_id`.
        package var id: UInt64
        /// The path within the file system that is mounted.
        package var root: String
        /// Where it is mounted, from this process's root.
        package var point: FilePath
        /// The peer group that it sends events to and gets them from: a shared mount.
        package var peerGroup: Int?
        /// The peer group that it only gets events from: a slave mount.
        package var master: Int?
        /// The file system's type: "ext4", "proc".
        package var type: String
        /// What was mounted: a device, or any word.
        package var source = ""
        /// The mount's own options: "rw,nosuid".
        package var options = ""
        /// Those of the file system: "rw,size=65536k".
        package var fileSystemOptions = ""
    }

    /// Reads a table; lines that are none are left out.
    package init(parsing text: String) {
        entries = text.split(separator: "\n").compactMap { Entry(line: $0) }
    }

    /// The table of this process.
    package static func current() throws(SystemCallError) -> MountTable {
        MountTable(parsing: try File.readText("/proc/self/mountinfo"))
    }

    /// The table of another process.
    package static func current(of process: CInt) throws(SystemCallError) -> MountTable {
        MountTable(parsing: try File.readText(FilePath("/proc/\(process)/mountinfo")))
    }

    /// The mount that holds a file; a last symbolic link is followed.
    ///
    /// - Throws: when the file cannot be opened.
    package func entry(holding path: FilePath) throws(SystemCallError) -> Entry? {
        let file = try OwnedFD.open(path, [.path])
        let id = try Mount.identifier(of: file)
        return entries.first { $0.id == id }
    }
}

extension MountTable.Entry {
    /// Reads a line: "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw".
    fileprivate init?(line: Substring) {
        let fields = line.split(separator: " ")
        guard let dash = fields.firstIndex(of: "-"), dash > 5, fields.count > dash + 1,
            let id = UInt64(fields[0])
        else { return nil }
        self.init(
            id: id, root: Self.unescaped(fields[3]), point: FilePath(Self.unescaped(fields[4])),
            peerGroup: Self.group("shared:", among: fields[6..<dash]),
            master: Self.group("master:", among: fields[6..<dash]),
            type: String(fields[dash + 1]),
            source: fields.count > dash + 2 ? Self.unescaped(fields[dash + 2]) : "",
            options: String(fields[5]),
            fileSystemOptions: fields.count > dash + 3 ? Self.unescaped(fields[dash + 3]) : "")
    }

    /// The number of an optional field.
    private static func group(_ name: String, among fields: ArraySlice<Substring>) -> Int? {
        fields.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.utf8.count)) }
    }

    /// The kernel writes space, tab, newline and backslash as octal numbers: "\040".
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
