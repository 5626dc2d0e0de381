import Diagnostics
import Linux
import Storage
import SystemPackage

/// Named files of an archive or a directory, to be read in any order.
protocol ArchiveSource {
    /// What it is, for errors.
    var name: String { get }

    /// Whether it has a file of this path, relative and without "./".
    func contains(_ path: String) -> Bool

    /// A file's size.
    func sizeInBytes(of path: String) throws(Problem) -> Int64

    /// The bytes of a file.
    func open(_ path: String) throws(Problem) -> any ByteSource
}

extension ArchiveSource {
    /// Reads a whole file.
    func read(_ path: String, limitInBytes: Int64) throws(Problem) -> [UInt8] {
        let size = try sizeInBytes(of: path)
        guard size <= limitInBytes else {
            throw Problem(
                kind: .invalid, what: "cannot read \(path) of \(name)",
                why: "it has \(size) bytes, more than the \(limitInBytes) expected at most")
        }
        let source = try open(path)
        var bytes: [UInt8] = []
        while let chunk = try source.nextChunk() { bytes.append(contentsOf: chunk.bytes) }
        return bytes
    }

    /// The error of a file that should be there.
    func missing(_ path: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot load \(name)", why: "it has no file \(path)",
            fix: "save the image again")
    }
}

/// The files of a directory: an OCI image layout that is unpacked.
struct DirectorySource: ArchiveSource {
    let directory: FilePath

    var name: String { "\(directory)" }

    func contains(_ path: String) -> Bool { File.exists(directory.appending(path)) }

    func sizeInBytes(of path: String) throws(Problem) -> Int64 {
        let file = try openFile(path)
        return try asking("cannot read \(path) of \(name)") { () throws(SystemCallError) in
            try FileStatus(of: file).sizeInBytes
        }
    }

    func open(_ path: String) throws(Problem) -> any ByteSource {
        FileSource(try openFile(path), named: "\(path) of \(name)")
    }

    private func openFile(_ path: String) throws(Problem) -> OwnedFD {
        do throws(SystemCallError) {
            return try RootedDirectory(at: directory).open(FilePath(path), .readOnly)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw missing(path)
        } catch {
            throw Problem(error, what: "cannot read \(path) of \(name)")
        }
    }
}

/// The files of a tar archive that stands on the disk uncompressed: an index of where each begins.
struct TarSource: ArchiveSource {
    let name: String
    private let file: SharedFile
    private let members: [String: Member]

    private enum Member {
        case file(Range<Int64>)
        case link(String)
    }

    /// Reads an archive's headers.
    init(_ file: SharedFile) throws(Problem) {
        self.file = file
        name = file.name
        var members: [String: Member] = [:]
        var reader = TarReader(FileRangeSource(file, range: 0..<(try file.sizeInBytes())))
        while let entry = try reader.nextEntry() {
            let path = try LayerPath(entry.name)
            let key = String(decoding: path.joined, as: UTF8.self)
            switch entry.kind {
            case .file where entry.sparse == nil:
                let start = reader.offsetInBytes
                members[key] = .file(start..<(start + entry.sizeInBytes))
            case .hardLink:
                let target = try LayerPath(entry.linkTarget)
                members[key] = .link(String(decoding: target.joined, as: UTF8.self))
            case .symlink:
                // Old archives of `docker save` link a layer that two images share.
                guard let target = Self.resolve(entry.linkTarget, from: path) else { continue }
                members[key] = .link(target)
            default: continue
            }
        }
        self.members = members
    }

    func contains(_ path: String) -> Bool { range(of: path) != nil }

    func sizeInBytes(of path: String) throws(Problem) -> Int64 {
        guard let range = range(of: path) else { throw missing(path) }
        return Int64(range.count)
    }

    func open(_ path: String) throws(Problem) -> any ByteSource {
        guard let range = range(of: path) else { throw missing(path) }
        return FileRangeSource(file, range: range)
    }

    private func range(of path: String) -> Range<Int64>? {
        var path = path
        for _ in 0..<8 {
            switch members[path] {
            case .file(let range): return range
            case .link(let target): path = target
            case nil: return nil
            }
        }
        return nil
    }

    /// A symbolic link's target from the archive's root; nil when it leads out.
    private static func resolve(_ target: [UInt8], from path: LayerPath) -> String? {
        let slash = UInt8(ascii: "/")
        var way = path.parent.split(separator: slash)
        for component in target.split(separator: slash) {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                guard way.popLast() != nil else { return nil }
            } else {
                way.append(component)
            }
        }
        return String(decoding: Array(way.joined(separator: [slash])), as: UTF8.self)
    }
}

extension SharedFile {
    /// The file's size.
    func sizeInBytes() throws(Problem) -> Int64 {
        do throws(SystemCallError) {
            return try status().sizeInBytes
        } catch {
            throw Problem(error, what: "cannot read \(name)")
        }
    }
}
