import Diagnostics
import Linux
import OCI
import SystemPackage

/// Makes the tree of an EROFS image of what stacked layers show.
///
/// Files that have their data elsewhere have it there still; the data of others becomes objects.
struct MergedImage {
    private let objects: LayerObjects
    private let list: ObjectList
    /// Files that have several names.
    private var files: [FileStatus.Identity: ErofsNode] = [:]

    /// Begins an image.
    ///
    /// - Parameters:
    ///   - objects: where data goes.
    ///   - place: gets the list of the objects that are made.
    /// - Throws: what the kernel refuses.
    init(objects: LayerObjects, in place: FilePath) throws(Problem) {
        self.objects = objects
        list = try asking("cannot list the objects of layers in \(place)") {
            () throws(SystemCallError) in try objects.beginList(in: place)
        }
    }

    /// The root of the tree.
    ///
    /// - Throws: `.unsupported` for what an image has no place for; what the kernel refuses.
    mutating func tree(of merged: MergedDirectory) throws(Problem) -> ErofsNode {
        guard let top = merged.top, let data = ErofsAttribute.data(in: Self.pathToObjects) else {
            preconditionFailure("there are layers to put together")
        }
        let status = try asking("cannot read the root of layers") { () throws(SystemCallError) in
            try top.directory.status()
        }
        let root = ErofsNode(.directory, as: status)
        try copyAttributes(of: [46, 0], in: top, to: root, at: "/")
        root.set(data)
        try fill(root, from: merged, at: "")
        return root
    }

    private mutating func fill(
        _ node: ErofsNode, from merged: MergedDirectory, at path: String
    ) throws(Problem) {
        let names = try asking("cannot list \(path)/") { () throws(SystemCallError) in
            try merged.names()
        }
        for name in names {
            let bytes = name.dropLast().map { UInt8(bitPattern: $0) }
            let own = "\(path)/\(String(decoding: bytes, as: UTF8.self))"
            let entry = try asking("cannot read \(own)") { () throws(SystemCallError) in
                try merged.entry(name)
            }
            switch entry {
            case nil: continue
            case .directory(let inner, let status):
                let child = ErofsNode(.directory, as: status)
                if let top = inner.top {
                    try copyAttributes(of: [46, 0], in: top, to: child, at: own)
                }
                node.set(child, named: bytes)
                try fill(child, from: inner, at: own)
            case .other(let holder, let status):
                if let first = files[status.identity] {
                    node.set(first, named: bytes)
                } else if let child = try file(name, status, in: holder, at: own) {
                    if status.linkCount > 1 { files[status.identity] = child }
                    node.set(child, named: bytes)
                }
            }
        }
    }

    /// What is no directory; nil for a socket, which no image has.
    private func file(
        _ name: [CChar], _ status: FileStatus, in holder: HeldDirectory, at path: String
    ) throws(Problem) -> ErofsNode? {
        let node: ErofsNode
        switch status.kind {
        case .socket, .directory: return nil
        case .fifo: node = ErofsNode(.fifo, as: status)
        case .characterDevice: node = ErofsNode(.characterDevice(status.device), as: status)
        case .blockDevice: node = ErofsNode(.blockDevice(status.device), as: status)
        case .symlink:
            let target = try asking("cannot read \(path)") { () throws(SystemCallError) in
                try holder.directory.symlinkTarget(name)
            }
            node = ErofsNode(
                .symlink(target.dropLast().map { UInt8(bitPattern: $0) }), as: status)
        case .file:
            node = try asking("cannot read \(path)") { () throws(SystemCallError) in
                try regularFile(name, status, in: holder)
            }
        }
        try copyAttributes(of: name, in: holder, to: node, at: path)
        return node
    }

    private func regularFile(
        _ name: [CChar], _ status: FileStatus, in holder: HeldDirectory
    ) throws(SystemCallError) -> ErofsNode {
        guard let nothing = ErofsData(sizeInBytes: status.sizeInBytes, extents: []) else {
            throw SystemCallError(call: "read", subject: "a file", errno: .fileTooLarge)
        }
        if holder.data != nil,
            let redirect = try holder.directory.attribute("trusted.overlay.redirect", of: name)
        {
            let node = ErofsNode(.file(nothing), as: status)
            node.set(.hasNoData)
            node.set(.redirect(to: String(decoding: redirect, as: UTF8.self)))
            return node
        }
        let file = try holder.directory.openFile(name)
        guard status.sizeInBytes > LayerObjects.smallInBytes else {
            let bytes = try file.readAll()
            return ErofsNode(bytes.isEmpty ? .file(nothing) : .smallFile(bytes), as: status)
        }
        let node = ErofsNode(.file(nothing), as: status)
        node.set(.hasNoData)
        node.set(.redirect(to: LayerObjects.redirect(to: try object(of: file))))
        return node
    }

    private func object(of file: borrowing OwnedFD) throws(SystemCallError) -> Digest {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var draft = try objects.begin()
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { break }
            try draft.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return try draft.finish(listing: list)
    }

    /// Copies what an image can hold, but overlay's own marks: all that they say is done.
    private func copyAttributes(
        of name: [CChar], in holder: HeldDirectory, to node: ErofsNode, at path: String
    ) throws(Problem) {
        let names = try asking("cannot read \(path)") { () throws(SystemCallError) in
            try holder.directory.attributes(of: name)
        }
        for attribute in names
        where !attribute.hasPrefix("trusted.overlay.") && !attribute.hasPrefix("user.overlay.") {
            let value = try asking("cannot read \(attribute) of \(path)") {
                () throws(SystemCallError) in
                try holder.directory.attribute(attribute, of: name)
            }
            guard let value else { continue }
            if let own = ErofsAttribute(name: attribute, value: value), own.fits {
                node.set(own)
            } else if attribute.hasPrefix("system.posix_acl_") {
                throw Problem(
                    kind: .unsupported, what: "cannot put layers together that share files",
                    why:
                        "\(path) has an access control list, which an EROFS image has no place for",
                    fix: "remove the image, and get it again with "
                        + "\(SnapshotterChoice.variable)=directory")
            }
        }
    }

    /// From `layers/merged/sha256/<digest>/diff`.
    private static let pathToObjects = "../../../../objects"
}

extension ErofsNode {
    fileprivate convenience init(_ content: Content, as status: FileStatus) {
        self.init(
            content, permissions: UInt32(status.permissions), owner: status.owner,
            group: status.group, modified: status.modified)
    }
}
