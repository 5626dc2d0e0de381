package import Diagnostics
import Linux
package import SystemPackage

/// The files of stacked layers, to be read without mounting them.
package struct LayerFiles: Sendable {
    private let root: MergedDirectory

    /// Opens layers.
    ///
    /// - Parameter layers: their roots, the uppermost first; of a running container its upper
    ///   directory and then its lower ones.
    /// - Throws: `.notFound` when a layer does not exist.
    package init(_ layers: [FilePath]) throws(Problem) { root = try MergedDirectory(layers) }

    /// Reads a file, following symbolic links as a process inside would.
    ///
    /// - Parameters:
    ///   - path: absolute: "/etc/passwd".
    ///   - limitInBytes: a longer file is an error.
    /// - Returns: nil when there is no such file.
    /// - Throws: `.invalid` for a file past the limit; what the kernel refuses.
    package func read(_ path: FilePath, limitInBytes: Int) throws(Problem) -> [UInt8]? {
        let what = "cannot read \(path) of the image"
        do throws(SystemCallError) {
            guard let place = try place(of: path) else { return nil }
            let file = try place.directory.directory.openFile(place.name)
            let status = try FileStatus(of: file)
            guard status.kind == .file else { return nil }
            guard status.sizeInBytes <= limitInBytes else {
                throw SystemCallError(call: "read", subject: "\(path)", errno: .fileTooLarge)
            }
            if let data = try place.directory.data?.file(of: file) { return try data.readAll() }
            return try file.readAll()
        } catch {
            throw Problem(error, what: what)
        }
    }

    private struct Place {
        var directory: HeldDirectory
        var name: [CChar]
    }

    /// Finds the layer that has a path's file.
    private func place(of path: FilePath) throws(SystemCallError) -> Place? {
        var rest = components(Array(path.string.utf8))
        var way = [root]
        var linksLeft = 40  // the kernel's own limit
        while let component = rest.popLast() {
            if component.elementsEqual("..".utf8) {
                if way.count > 1 { way.removeLast() }
                continue
            }
            let name = cString(component)
            switch try way.last.flatMap({ directory throws(SystemCallError) in
                try directory.entry(name)
            }) {
            case nil: return nil
            case .directory(let directory, _): way.append(directory)
            case .other(let held, let status) where status.kind == .symlink:
                guard linksLeft > 0 else { return nil }
                linksLeft -= 1
                let target = try held.directory.symlinkTarget(name).dropLast()
                if target.first == CChar(UInt8(ascii: "/")) { way = [root] }
                rest += components(target.map { UInt8(bitPattern: $0) })
            case .other(let held, _):
                return rest.isEmpty ? Place(directory: held, name: name) : nil
            }
        }
        return nil
    }

    /// A path's components, the last first.
    private func components(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
            .map(Array.init).reversed()
    }
}

/// A name as the kernel takes it.
package func cString(_ name: some Collection<UInt8>) -> [CChar] {
    name.map { CChar(bitPattern: $0) } + [0]
}
