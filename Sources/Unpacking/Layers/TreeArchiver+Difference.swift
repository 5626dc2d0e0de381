import Diagnostics
import Linux
import Storage
import SystemPackage

extension TreeArchiver {
    /// Adds what merged layers show and others do not: one layer in the place of several.
    ///
    /// Nothing is compared byte by byte: what is not the very same file of the same layer differs.
    ///
    /// - Parameters:
    ///   - merged: all layers.
    ///   - base: the lower ones of them, which stay.
    /// - Throws: what the kernel refuses.
    mutating func addDifference(
        of merged: MergedDirectory, from base: MergedDirectory
    ) throws(Problem) {
        let (own, before) = (try merged.status(), try base.status())
        if let own, let top = merged.top, own.identity != before?.identity {
            try add(directory: top.directory, at: [])
        }
        try addDifference(of: merged, from: base, at: [])
    }

    private mutating func addDifference(
        of merged: MergedDirectory, from base: MergedDirectory?, at path: [UInt8]
    ) throws(Problem) {
        let what = "cannot compare \(display(path)) with the layers below"
        let names = try asking(what) { () throws(SystemCallError) in
            Set(try merged.names()).union(try base?.names() ?? [])
        }
        for name in sortedByBytes(Array(names)) {
            let own = joined(path, bytes(of: name))
            let before = try asking(what) { () throws(SystemCallError) in
                try base?.entry(name)
            }
            let now = try asking(what) { () throws(SystemCallError) in try merged.entry(name) }
            guard let now else {
                try add(whiteout: joined(path, Whiteout.prefix + bytes(of: name)))
                continue
            }
            try add(now, name, over: before, at: own)
        }
    }

    private mutating func add(
        _ entry: MergedDirectory.Entry, _ name: [CChar], over before: MergedDirectory.Entry?,
        at path: [UInt8]
    ) throws(Problem) {
        let isSame = entry.status.identity == before?.status.identity
        switch entry {
        case .other(let directory, let status):
            if !isSame { try add(name, status, in: directory, at: path) }
        case .directory(let directory, _):
            if !isSame, let top = directory.top { try add(directory: top.directory, at: path) }
            var below: MergedDirectory?
            if case .directory(let lower, _) = before { below = lower }
            try addDifference(of: directory, from: below, at: path)
        }
    }
}
