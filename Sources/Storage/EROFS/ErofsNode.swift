package import Linux

/// A file of an EROFS image; several names may lead to it.
///
/// An image holds names, attributes and links (the kernel's Documentation/filesystems/erofs.rst).
/// The data of its files lies in another file, the image's extra device (see ``ErofsData``), or in
/// others that overlay finds (``ErofsAttribute/redirect(to:)``).
package final class ErofsNode {
    package let content: Content
    /// The permission bits with setuid, setgid and sticky.
    package var permissions: UInt32
    package var owner: UInt32
    package var group: UInt32
    package var modified: FileTime
    package private(set) var attributes: [ErofsAttribute] = []
    /// What a directory holds.
    package private(set) var children: [[UInt8]: ErofsNode] = [:]
    /// How many names it has, "." and ".." of directories included; known when it is placed.
    var linkCount: UInt32 = 0
    /// Its number: where it is in the image, in units of 32 bytes; 0 while it is nowhere.
    var number: UInt64 = 0

    /// What the file is.
    package enum Content {
        case directory
        case file(ErofsData)
        /// A file whose data is in the image itself.
        case smallFile([UInt8])
        /// A symbolic link, at most ``ErofsNode/longestTarget`` bytes.
        case symlink([UInt8])
        case characterDevice(DeviceNumber)
        case blockDevice(DeviceNumber)
        case fifo
    }

    /// The longest name, as everywhere in Linux.
    package static let longestName = 255
    /// The longest target of a symbolic link.
    package static let longestTarget = 4095

    package init(
        _ content: Content, permissions: UInt32, owner: UInt32, group: UInt32, modified: FileTime
    ) {
        self.content = content
        self.permissions = permissions
        self.owner = owner
        self.group = group
        self.modified = modified
    }

    package var isDirectory: Bool { if case .directory = content { true } else { false } }

    /// Whether it hides a name of lower layers: overlayfs's character device 0/0.
    package var isWhiteout: Bool {
        if case .characterDevice(let device) = content { device.rawValue == 0 } else { false }
    }

    /// Adds a child to a directory, or puts it in the place of the one with this name.
    package func set(_ child: ErofsNode, named name: [UInt8]) {
        precondition(isDirectory && (1...Self.longestName).contains(name.count))
        children[name] = child
    }

    /// Sets an extended attribute, or changes its value.
    package func set(_ attribute: ErofsAttribute) {
        attributes.removeAll { $0.prefix == attribute.prefix && $0.name == attribute.name }
        attributes.append(attribute)
    }
}

/// An extended attribute of an EROFS image.
package struct ErofsAttribute: Sendable, Equatable {
    let prefix: Prefix
    /// The name after its prefix.
    let name: [UInt8]
    let value: [UInt8]

    /// The prefixes that the format knows (`EROFS_XATTR_INDEX_…`); those of ACLs are left out, whose
    /// values the kernel wants to judge when they are set.
    package enum Prefix: UInt8, Sendable, CaseIterable {
        case user = 1
        case trusted = 4
        case security = 6

        /// The text with its dot.
        var text: String {
            switch self {
            case .user: "user."
            case .trusted: "trusted."
            case .security: "security."
            }
        }
    }

    /// The attribute of a whole name; nil where the format has no prefix for it.
    package init?(name: String, value: [UInt8]) {
        guard let prefix = Prefix.allCases.first(where: { name.hasPrefix($0.text) }) else {
            return nil
        }
        self.prefix = prefix
        self.name = Array(name.utf8.dropFirst(prefix.text.utf8.count))
        self.value = value
    }

    /// Whether name and value are within what Linux allows for any file system.
    package var fits: Bool {
        !name.isEmpty && name.count + prefix.text.utf8.count <= 255 && value.count <= 65535
    }

    /// What hides a directory of lower layers.
    package static let opaque = ErofsAttribute(
        prefix: .trusted, name: Array("overlay.opaque".utf8), value: [UInt8(ascii: "y")])

    /// What says that overlay finds a file's data elsewhere.
    package static let hasNoData = ErofsAttribute(
        prefix: .trusted, name: Array("overlay.metacopy".utf8), value: [])

    /// What says where: a path in a data-only layer.
    package static func redirect(to path: String) -> ErofsAttribute {
        ErofsAttribute(
            prefix: .trusted, name: Array("overlay.redirect".utf8), value: Array(path.utf8))
    }

    /// What a root says of where that layer is: see ``Linux/DataLayer``.
    package static func data(in path: String) -> ErofsAttribute? {
        ErofsAttribute(name: DataLayer.attribute, value: Array(path.utf8))
    }

    private init(prefix: Prefix, name: [UInt8], value: [UInt8]) {
        self.prefix = prefix
        self.name = name
        self.value = value
    }

    /// `struct erofs_xattr_entry` with name and value, which begin at multiples of four bytes.
    var sizeInBytes: Int { (4 + name.count + value.count + 3) / 4 * 4 }
}
