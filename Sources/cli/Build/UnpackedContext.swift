import Build
import Diagnostics
import Engine
import Linux
import SystemPackage

/// Standard input: its beginning is looked at before someone reads it all.
struct StandardInput: ~Copyable {
    /// Its first bytes, 512 where there are so many.
    let start: [UInt8]
    private let file: OwnedFD

    init() throws(Problem) {
        let what = "cannot read standard input"
        let file = try asking(what) { () throws(SystemCallError) in try OwnedFD(duplicating: 0) }
        var start: [UInt8] = []
        while start.count < 512 {
            let wanted = 512 - start.count
            let more = try asking(what) { () throws(SystemCallError) in
                try file.read(upToBytes: wanted)
            }
            if more.isEmpty { break }
            start += more
        }
        self.start = start
        self.file = file
    }

    /// All of it.
    func readAll() throws(Problem) -> [UInt8] {
        start
            + (try asking("cannot read standard input") { () throws(SystemCallError) in
                try file.readAll()
            })
    }

    /// Writes all of it into a file.
    func copy(to target: borrowing OwnedFD) throws(SystemCallError) {
        try target.writeAll(start)
        while true {
            let bytes = try file.read(upToBytes: 1 << 20)
            if bytes.isEmpty { return }
            try target.writeAll(bytes)
        }
    }
}

/// Runs calls of the kernel and says, when one is refused, what they were for.
private func asking<Value: ~Copyable>(
    _ what: String, _ body: () throws(SystemCallError) -> Value
) throws(Problem) -> Value {
    do throws(SystemCallError) {
        return try body()
    } catch {
        throw Problem(kind: .unavailable, what: what, why: "\(error)", cause: error)
    }
}

/// A context that came as an archive, unpacked; it goes with the value.
final class UnpackedContext: Sendable {
    let path: FilePath

    init(_ input: borrowing StandardInput, steps: StepService) throws(Problem) {
        let parent = steps.dataRoot.appending("build")
        let path = parent.appending("context-\(Random.hexadecimal(bytes: 8))")
        self.path = path
        let what = "cannot unpack the context from standard input"
        let archive = try asking(what) { () throws(SystemCallError) in
            try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o700))
            let archive = try OwnedFD.open(
                parent, [.readWrite, .temporaryFile], permissions: FilePermissions(rawValue: 0o600))
            try input.copy(to: archive)
            return archive
        }
        let directory = try asking(what) { () throws(SystemCallError) in
            try OwnedFD.open(path, [.readOnly, .directory])
        }
        let isArchive = try steps.unpack(
            archive.rawValue, named: "the context from standard input",
            into: directory.rawValue)
        guard isArchive else {
            throw Problem(
                kind: .invalid, what: "cannot build -",
                why: "standard input is neither a Dockerfile nor a tar archive")
        }
    }

    deinit {
        // Best effort: what is left is garbage in the data root, in nobody's way.
        try? Directory.removeTree(path)
    }

    /// A file of the context; links in it lead nowhere else.
    func file(named name: String) throws(Problem) -> FilePath {
        do {
            let file = try RootedDirectory(at: path).open(FilePath(name), .readOnly)
            return try Link.target(of: file.procPath)
        } catch {
            throw Problem(
                kind: .notFound, what: "cannot build -", why: "the archive has no file \(name)",
                fix: "name the Dockerfile with -f", cause: error)
        }
    }
}
