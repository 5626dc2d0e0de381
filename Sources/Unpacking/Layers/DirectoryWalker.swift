import Diagnostics
import Linux
import Storage
import SystemPackage

/// Finds the directories of a layer, and keeps open the way to the last one.
///
/// The members of an archive come directory by directory, so that most are found without a system
/// call. Every step goes from an open directory to a name in it without following links; a symbolic
/// link on the way is resolved by the kernel, which refuses one that leads out (RESOLVE_BENEATH).
struct DirectoryWalker {
    /// The layer's root.
    let root: Node
    private var way: [Node] = []
    private var path: [UInt8] = []

    /// A directory held open.
    ///
    /// A class, because ``OpenDirectory`` cannot be an array's element.
    final class Node: Sendable {
        let name: [UInt8]
        let directory: OpenDirectory

        init(_ directory: consuming OpenDirectory, name: [UInt8]) {
            self.directory = directory
            self.name = name
        }
    }

    init(root: consuming OpenDirectory) { self.root = Node(root, name: []) }

    /// The directory at a normalised path.
    ///
    /// - Parameters:
    ///   - path: components joined by "/"; empty for the root.
    ///   - makesMissing: whether directories that are not there are made.
    /// - Returns: the directory, held open.
    /// - Throws: `.invalid` when a link on the way leads out of the layer or to no directory.
    mutating func directory(
        at path: [UInt8], makesMissing: Bool
    ) throws(Problem) -> Node {
        if path == self.path { return way.last ?? root }
        let components = path.split(separator: UInt8(ascii: "/"))
        var depth = 0
        while depth < way.count, depth < components.count,
            way[depth].name.elementsEqual(components[depth])
        {
            depth += 1
        }
        way.removeLast(way.count - depth)
        for component in components[depth...] {
            let parent = way.last ?? root
            let prefix = path[..<component.endIndex]
            do throws(Problem) {
                way.append(
                    try step(
                        Array(component), in: parent, prefix: prefix, makesMissing: makesMissing))
            } catch {
                self.path = Array(way.map(\.name).joined(separator: [UInt8(ascii: "/")]))
                throw error
            }
        }
        self.path = path
        return way.last ?? root
    }

    /// Forgets the way, after something on it may have been replaced.
    mutating func forget() {
        way = []
        path = []
    }

    private func step(
        _ name: [UInt8], in parent: Node, prefix: ArraySlice<UInt8>, makesMissing: Bool
    ) throws(Problem) -> Node {
        let text = cString(name)
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                return Node(try parent.directory.directory(text), name: name)
            } catch  where makesMissing && error.errno == .noSuchFileOrDirectory {
                try parent.directory.makeDirectory(text, permissions: 0o755)
                return Node(try parent.directory.directory(text), name: name)
            }
        } catch  where error.errno == .notDirectory || error.errno == .tooManySymbolicLinkLevels {
            return Node(try throughLink(prefix), name: name)
        } catch {
            throw Problem(
                error, what: "cannot unpack the directory \(display(prefix)) of the layer")
        }
    }

    /// A directory that a symbolic link of this layer leads to.
    private func throughLink(_ prefix: ArraySlice<UInt8>) throws(Problem) -> OpenDirectory {
        do throws(SystemCallError) {
            return try root.directory.directory(beneath: cString(prefix))
        } catch  where error.errno == .improperLink {
            throw leavesRoot(Array(prefix), "the symbolic link \(display(prefix)) leads out")
        } catch {
            throw Problem(
                kind: .invalid,
                what: "cannot unpack the directory \(display(prefix)) of the layer",
                why: "something that is no directory stands there (\(error))", cause: error)
        }
    }

    private func display(_ path: ArraySlice<UInt8>) -> String {
        String(decoding: path, as: UTF8.self)
    }
}
