import Diagnostics
import Linux
import Storage
import SystemPackage

extension TreeArchiver {
    /// Adds what was changed, as layers say it (image-spec, layer.md).
    ///
    /// A removed name becomes `.wh.NAME`; a directory that hides a lower one gets `.wh..wh..opq`.
    /// The kernel marks more directories as opaque than that, since it is quicker: marks that hide
    /// nothing are left out, so that the same changes give the same layer.
    ///
    /// - Parameters:
    ///   - top: the root with the changes.
    ///   - lower: what the layers below show in its place.
    /// - Throws: `.unsupported` for a name or directory that a layer cannot hold; what the kernel
    ///   refuses.
    mutating func addChanges(
        of top: borrowing ChangedDirectory, against lower: MergedDirectory
    ) throws(Problem) {
        // The root is there in every layer; only what is new about it counts.
        let own = try asking("cannot read /") { () throws(SystemCallError) in
            try top.directory.status()
        }
        if try !isUsual(own, of: top, against: lower) { try add(directory: top.directory, at: []) }
        try addContent(of: top, against: lower, at: [])
    }

    /// Whether the root is as the layers below have it or, without any, as every system has it.
    private func isUsual(
        _ status: FileStatus, of top: borrowing ChangedDirectory, against lower: MergedDirectory
    ) throws(Problem) -> Bool {
        guard let before = try lower.status() else {
            return status.permissions == 0o755 && status.owner == 0 && status.group == 0
        }
        return top.hasSameOwnerAndMode(status, as: before)
    }

    private mutating func addContent(
        of directory: borrowing ChangedDirectory, against lower: MergedDirectory?,
        at path: [UInt8]
    ) throws(Problem) {
        let names = try asking("cannot list \(display(path))") { () throws(SystemCallError) in
            try directory.names()
        }
        for name in names {
            let own = joined(path, bytes(of: name))
            let what = "cannot compare \(display(own)) with the layers below"
            let entry = try asking(what) { () throws(SystemCallError) in
                try directory.entry(name)
            }
            guard let entry else { continue }
            let before = try asking(what) { () throws(SystemCallError) in
                try lower.flatMap { lower throws(SystemCallError) in try lower.entry(name) }
            }
            guard case .present(let status) = entry else {
                guard before != nil else { continue }
                try add(whiteout: joined(path, Whiteout.prefix + bytes(of: name)))
                continue
            }
            let isIncidental = try asking(what) { () throws(SystemCallError) in
                try mountPoints.isIncidental(name, status, in: directory, over: before, at: own)
            }
            if isIncidental { continue }
            guard !name.starts(with: Self.whiteoutPrefix) else { throw Self.nameless(own) }
            guard status.kind == .directory else {
                try add(name, status, in: directory.directory, at: own)
                continue
            }
            try addDirectory(name, in: directory, over: before, at: own)
        }
    }

    private mutating func addDirectory(
        _ name: [CChar], in directory: borrowing ChangedDirectory,
        over before: MergedDirectory.Entry?, at path: [UInt8]
    ) throws(Problem) {
        let what = "cannot read \(display(path))"
        let inner = try asking(what) { () throws(SystemCallError) in try directory.inner(name) }
        let isOpaque = try asking(what) { () throws(SystemCallError) in
            try directory.isOpaque(name)
        }
        try refuseRedirect(of: inner, path)
        var below: MergedDirectory?
        if case .directory(let directory, _) = before { below = directory }
        try add(directory: inner.directory, at: path)
        if isOpaque, below != nil {
            try add(whiteout: joined(path, Whiteout.prefix + ".wh..opq".utf8))
            below = nil
        }
        try addContent(of: inner, against: below, at: path)
    }

    /// Refuses a directory whose content is elsewhere: overlayfs with `redirect_dir=on` leaves it.
    private func refuseRedirect(
        of directory: borrowing ChangedDirectory, _ path: [UInt8]
    ) throws(Problem) {
        let target = try asking("cannot read \(display(path))") { () throws(SystemCallError) in
            try directory.redirect()
        }
        guard target == nil else {
            throw Problem(
                kind: .unsupported, what: "cannot make a layer of \(display(path))",
                why: "it was renamed on an overlay with redirect_dir=on",
                fix: "echo N > /sys/module/overlay/parameters/redirect_dir, and start again")
        }
    }

    private static let whiteoutPrefix = Whiteout.prefix.map { CChar(bitPattern: $0) }

    private static func nameless(_ path: [UInt8]) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot make a layer of \(display(path))",
            why: "in a layer a name that begins with \".wh.\" stands for one that was removed",
            fix: "rename or remove it")
    }
}
