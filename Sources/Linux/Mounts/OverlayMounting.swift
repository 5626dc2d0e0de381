import Glibc
import SystemPackage

/// The two ways to hand an overlay's layers to the kernel.
extension OverlayMount {
    /// `fsconfig(2)` with one `lowerdir+` for each layer: any number, any character in a path.
    func mountedLayerByLayer() throws(SystemCallError) -> DetachedMount {
        let context = try FileSystemContext(type: "overlay")
        for layer in lower { try context.set("lowerdir+", to: layer.string) }
        for layer in try dataLayers { try context.set("datadir+", to: layer.string) }
        if let upper, let work {
            try context.set("upperdir", to: upper.string)
            try context.set("workdir", to: work.string)
        }
        if try marksAsUser { try context.set("userxattr") }
        if isVolatile { try context.set("volatile") }
        if try hasErofsLayer { try context.set("xino", to: "on") }
        try context.set("source", to: "overlay")
        return try context.mount([])
    }

    /// The data-only layers beneath all others.
    var dataLayers: [FilePath] {
        get throws(SystemCallError) {
            if let data { return data }
            return try DataLayer.paths(of: lower)
        }
    }

    /// Whether overlay's marks must be attributes that an unprivileged mount can have.
    private var marksAsUser: Bool {
        get throws(SystemCallError) {
            if usesUserAttributes { return true }
            return try !UserNamespace.isInitial()
        }
    }

    /// Whether a layer is a file system of its own, so that files would have several device numbers.
    ///
    /// With `xino` the kernel puts the layer's number into the high bits of each inode number, and
    /// all files have the overlay's device number, as those of layers beside the upper one do. The
    /// inode numbers of EROFS images are small enough for that.
    private var hasErofsLayer: Bool {
        get throws(SystemCallError) {
            for layer in lower {
                let root = try OwnedFD.open(layer, [.path, .directory])
                if try FileSystemStatus(of: root).type == FileSystemStatus.erofs { return true }
            }
            return false
        }
    }

    /// `mount(2)` with one option string, which the kernel limits to a page of 4,096 bytes.
    ///
    /// Where the paths do not fit, each layer gets a name of one or two characters: a link in a
    /// temporary directory, which is the current one during the call.
    func mountByOptionString(at target: FilePath) throws(SystemCallError) {
        var marked = self
        marked.usesUserAttributes = try marksAsUser
        let data = try dataLayers
        let direct = marked.optionString(
            lower: lower.map { Self.escaped($0.string) }, data: data.map { Self.escaped($0.string) }
        )
        if direct.utf8.count < Self.optionPage {
            return try Mount.mount("overlay", at: target, type: "overlay", [], data: direct)
        }
        let links = FilePath("/tmp/.overlay.\(Random.hexadecimal(bytes: 8))")
        try Directory.make(links, permissions: .ownerReadWriteExecute)
        defer { try? Directory.removeTree(links) }  // best effort: only links, in a temporary place
        let all = lower + data
        let names = all.indices.map { String($0, radix: 36) }
        for (name, layer) in zip(names, all) {
            try Link.makeSymbolic(at: links.appending(name), to: layer)
        }
        let short = marked.optionString(
            lower: Array(names.prefix(lower.count)), data: Array(names.dropFirst(lower.count)))
        let place = try OwnedFD.open(target, [.path, .directory])
        let before = try OwnedFD.open(".", [.path, .directory])
        try WorkingDirectory.change(to: links)
        defer { try? WorkingDirectory.change(to: before) }  // an open directory cannot refuse
        try Mount.mount("overlay", at: place.procPath, type: "overlay", [], data: short)
    }

    /// The options as `mount(2)` takes them.
    func optionString(lower: [String], data: [String]) -> String {
        let layers = lower.joined(separator: ":") + data.map { "::" + $0 }.joined()
        var options = ["lowerdir=" + layers]
        if let upper, let work {
            options.append("upperdir=" + Self.escaped(upper.string))
            options.append("workdir=" + Self.escaped(work.string))
        }
        if usesUserAttributes { options.append("userxattr") }
        if isVolatile { options.append("volatile") }
        return options.joined(separator: ",")
    }

    /// Overlay separates layers by ":" and options by ","; a backslash takes their meaning.
    static func escaped(_ path: String) -> String {
        var result = ""
        for character in path {
            if character == ":" || character == "," || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// What `mount(2)` copies of the option string, with its final 0.
    private static let optionPage = 4096
}
