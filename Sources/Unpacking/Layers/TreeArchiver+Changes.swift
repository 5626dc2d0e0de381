import Diagnostics
import Linux
import Storage
import SystemPackage

extension TreeArchiver {
    /// Adds what an overlay's upper layer changes, as layers say it (image-spec, layer.md).
    ///
    /// A removed name becomes `.wh.NAME`; a directory that hides a lower one gets `.wh..wh..opq`.
    /// The kernel marks more directories as opaque than that, since it is quicker: marks that hide
    /// nothing are left out, so that the same changes give the same layer.
    ///
    /// - Parameters:
    ///   - upper: the upper directory.
    ///   - lower: what the layers below show in its place.
    /// - Throws: `.unsupported` for a name or directory that a layer cannot hold; what the kernel
    ///   refuses.
    mutating func addChanges(
        of upper: borrowing OpenDirectory, against lower: MergedDirectory
    ) throws(Problem) {
        // The root is there in every layer; only what is new about it counts.
        let (own, before) = (
            try asking("cannot read /") { () throws(SystemCallError) in try upper.status() },
            try lower.status()
        )
        let isNew =
            own.permissions != before?.permissions ?? 0o755 || own.owner != before?.owner ?? 0
            || own.group != before?.group ?? 0
        if isNew { try add(directory: upper, at: []) }
        try addContent(of: upper, against: lower, at: [])
    }

    private mutating func addContent(
        of upper: borrowing OpenDirectory, against lower: MergedDirectory?, at path: [UInt8]
    ) throws(Problem) {
        for name in sortedByBytes(try names(in: upper, path)) {
            let own = joined(path, bytes(of: name))
            let what = "cannot compare \(display(own)) with the layers below"
            let status = try asking(what) { () throws(SystemCallError) in
                try upper.status(of: name)
            }
            guard let status else { continue }
            let before = try asking(what) { () throws(SystemCallError) in
                try lower.flatMap { lower throws(SystemCallError) in try lower.entry(name) }
            }
            if status.isWhiteout {
                guard before != nil else { continue }
                try add(whiteout: joined(path, Whiteout.prefix + bytes(of: name)))
                continue
            }
            let isIncidental = try asking(what) { () throws(SystemCallError) in
                try mountPoints.isIncidental(name, status, in: upper, over: before, at: own)
            }
            if isIncidental { continue }
            guard !name.starts(with: Self.whiteoutPrefix) else { throw Self.nameless(own) }
            guard status.kind == .directory else {
                try add(name, status, in: upper, dataIn: nil, at: own)
                continue
            }
            try addDirectory(name, in: upper, over: before, at: own)
        }
    }

    private mutating func addDirectory(
        _ name: [CChar], in upper: borrowing OpenDirectory, over before: MergedDirectory.Entry?,
        at path: [UInt8]
    ) throws(Problem) {
        let what = "cannot read \(display(path))"
        let inner = try asking(what) { () throws(SystemCallError) in try upper.directory(name) }
        let isOpaque = try asking(what) { () throws(SystemCallError) in try upper.isOpaque(name) }
        try refuseRedirect(of: inner, path)
        var below: MergedDirectory?
        if case .directory(let directory, _) = before { below = directory }
        try add(directory: inner, at: path)
        if isOpaque, below != nil {
            try add(whiteout: joined(path, Whiteout.prefix + ".wh..opq".utf8))
            below = nil
        }
        try addContent(of: inner, against: below, at: path)
    }

    /// Refuses a directory whose content is elsewhere: overlayfs with `redirect_dir=on` leaves it.
    private func refuseRedirect(
        of directory: borrowing OpenDirectory, _ path: [UInt8]
    ) throws(Problem) {
        for attribute in ["trusted.overlay.redirect", "user.overlay.redirect"] {
            let value = try asking("cannot read \(display(path))") { () throws(SystemCallError) in
                try directory.attribute(attribute, of: [46, 0])
            }
            guard value == nil else {
                throw Problem(
                    kind: .unsupported, what: "cannot make a layer of \(display(path))",
                    why: "it was renamed on an overlay with redirect_dir=on",
                    fix: "echo N > /sys/module/overlay/parameters/redirect_dir, and start again")
            }
        }
    }

    func names(
        in directory: borrowing OpenDirectory, _ path: [UInt8]
    ) throws(Problem) -> [[CChar]] {
        try asking("cannot list \(display(path))") { () throws(SystemCallError) in
            try directory.names()
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
