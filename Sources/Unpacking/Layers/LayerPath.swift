import Diagnostics

/// A member's path inside a layer: beneath its root, without "." and doubled slashes.
struct LayerPath: Sendable, Equatable {
    /// The directories above, joined by "/"; empty for a name in the root.
    let parent: [UInt8]
    /// The last component; empty for the root itself.
    let name: [UInt8]

    /// Judges and normalises a path of an archive.
    ///
    /// - Throws: `.invalid` for an absolute path and for one with "..".
    init(_ text: [UInt8]) throws(Problem) {
        if let normal = Self.normal(text) {
            self = normal
            return
        }
        let slash = UInt8(ascii: "/")
        var components: [ArraySlice<UInt8>] = []
        for component in text.split(separator: slash) {
            if component.elementsEqual(".".utf8) { continue }
            guard !component.elementsEqual("..".utf8) else {
                throw leavesRoot(text, "its path goes up by \"..\"")
            }
            components.append(component)
        }
        // A lone "/" is how some builders spell the root; all else that is absolute is refused.
        guard text.first != slash || components.isEmpty else {
            throw leavesRoot(text, "its path is absolute")
        }
        name = components.popLast().map(Array.init) ?? []
        parent = Array(components.joined(separator: [slash]))
    }

    /// A path as most archives have it, with at most "./" before it and "/" behind, taken apart at
    /// once; nil for any other, also where a component begins with a dot.
    private static func normal(_ text: [UInt8]) -> LayerPath? {
        let (slash, dot) = (UInt8(ascii: "/"), UInt8(ascii: "."))
        var (start, end) = (0, text.count)
        if end > 2, text[0] == dot, text[1] == slash { start = 2 }
        if end > start + 1, text[end - 1] == slash { end -= 1 }
        var name = start
        var isAtStart = true
        for index in start..<end {
            let byte = text[index]
            if isAtStart, byte == slash || byte == dot { return nil }
            isAtStart = byte == slash
            if isAtStart { name = index + 1 }
        }
        guard !isAtStart else { return nil }
        return LayerPath(
            parent: name > start ? Array(text[start..<name - 1]) : [],
            name: Array(text[name..<end]))
    }

    private init(parent: [UInt8], name: [UInt8]) {
        self.parent = parent
        self.name = name
    }

    /// Takes apart a path that is normalised already.
    init(normalised path: [UInt8]) {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else {
            (parent, name) = ([], path)
            return
        }
        parent = Array(path[..<slash])
        name = Array(path[(slash + 1)...])
    }

    var isRoot: Bool { name.isEmpty }

    /// The whole path, joined by "/".
    var joined: [UInt8] { parent.isEmpty ? name : parent + [UInt8(ascii: "/")] + name }
}

/// The error of a member that would end up outside its layer.
func leavesRoot(_ name: [UInt8], _ why: String) -> Problem {
    Problem(
        kind: .invalid,
        what: "cannot unpack \"\(String(decoding: name, as: UTF8.self))\" of the layer",
        why: "it would leave the layer's root: \(why)", fix: "do not use this image")
}
