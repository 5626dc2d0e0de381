import Diagnostics
import Glibc
import Linux
import Storage
import SystemPackage

/// What a member says about lower layers (image-spec, layer.md § Whiteouts).
enum Whiteout: Equatable {
    /// `.wh.NAME`: the name of lower layers is removed.
    case name([UInt8])
    /// `.wh..wh..opq`: all of lower layers in this directory is removed.
    case opaque
    /// `.wh..wh.…`: bookkeeping of the file system aufs.
    case bookkeeping

    static let prefix = Array(".wh.".utf8)

    /// Reads a member's last component, which begins with ``prefix``.
    ///
    /// - Throws: `.invalid` for a whiteout of nothing, of "." and of "..".
    init(_ component: [UInt8], of member: [UInt8]) throws(Problem) {
        let name = Array(component.dropFirst(Self.prefix.count))
        if name.elementsEqual(".wh..opq".utf8) {
            self = .opaque
        } else if name.starts(with: Self.prefix) {
            self = .bookkeeping
        } else if name.isEmpty || name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) {
            throw Problem(
                kind: .invalid,
                what: "cannot unpack \"\(String(decoding: member, as: UTF8.self))\" of the layer",
                why: "it is a whiteout that names nothing", fix: "do not use this image")
        } else {
            self = .name(name)
        }
    }
}

extension LayerUnpacker {
    /// Marks what lower layers lose.
    ///
    /// A whiteout concerns lower layers only: a name that this layer has itself stays, and if it is
    /// a directory it hides the lower one.
    mutating func unpackWhiteout(
        _ whiteout: Whiteout, in parent: DirectoryWalker.Node, _ path: LayerPath
    ) throws(Problem) {
        let shown = String(decoding: path.joined, as: UTF8.self)
        try asking("cannot unpack the whiteout \(shown)") { () throws(SystemCallError) in
            switch whiteout {
            case .bookkeeping: return
            case .opaque: try makeOpaque(parent.directory)
            case .name(let bytes):
                let name = cString(bytes)
                do throws(SystemCallError) {
                    try parent.directory.makeWhiteout(name)
                } catch  where error.errno == .fileExists {
                    guard try parent.directory.status(of: name)?.kind == .directory else { return }
                    try makeOpaque(parent.directory.directory(name))
                }
            }
        }
    }

    /// Makes a directory hide those of lower layers: `trusted.overlay.opaque`, or `user.…` where the
    /// kernel keeps the former from an ordinary user and from root of a user namespace.
    func makeOpaque(_ directory: borrowing OpenDirectory) throws(SystemCallError) {
        let isTrusted = isRoot && !isInUserNamespace
        let attribute = isTrusted ? "trusted.overlay.opaque" : "user.overlay.opaque"
        try directory.descriptor.setExtendedAttribute(attribute, to: [UInt8(ascii: "y")])
    }
}

extension OpenDirectory {
    /// Marks a name as removed: ``FileStatus/isWhiteout``.
    fileprivate func makeWhiteout(_ name: [CChar]) throws(SystemCallError) {
        let none = DeviceNumber(rawValue: 0)
        do throws(SystemCallError) {
            try makeNode(name, mode: S_IFCHR, device: none)
        } catch  where error.errno == .notPermitted {
            try makeNode(name, mode: S_IFSOCK, device: none)
            try setModified(name, FileTime(seconds: 0, nanoseconds: 0))
        }
    }
}
