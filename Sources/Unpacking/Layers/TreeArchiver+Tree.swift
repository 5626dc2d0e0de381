import Diagnostics
import Linux
import Storage
import SystemPackage

extension TreeArchiver {
    /// Adds all that stacked layers show.
    ///
    /// - Parameter root: the merged root.
    /// - Throws: what the kernel refuses.
    mutating func addTree(_ root: MergedDirectory) throws(Problem) {
        if let top = root.top, let status = try root.status() {
            // A root as every system has it needs no member.
            if status.permissions != 0o755 || status.owner != 0 || status.group != 0 {
                try add(directory: top.directory, at: [])
            }
        }
        try addContent(of: root, at: [])
    }

    /// Adds what a directory holds.
    mutating func addContent(
        of directory: MergedDirectory, at path: [UInt8]
    ) throws(Problem) {
        let names = try asking("cannot list \(display(path))") { () throws(SystemCallError) in
            try directory.names()
        }
        for name in sortedByBytes(names) {
            let own = joined(path, bytes(of: name))
            let entry = try asking("cannot read \(display(own))") { () throws(SystemCallError) in
                try directory.entry(name)
            }
            switch entry {
            case nil: continue
            case .other(let holder, let status):
                try add(name, status, in: holder, at: own)
            case .directory(let inner, _):
                if let top = inner.top { try add(directory: top.directory, at: own) }
                try addContent(of: inner, at: own)
            }
        }
    }
}

extension MergedDirectory {
    /// What the directory is; nil where there is none.
    func status() throws(Problem) -> FileStatus? {
        guard let top else { return nil }
        return try asking("cannot read a layer's root") { () throws(SystemCallError) in
            try top.directory.status()
        }
    }
}
