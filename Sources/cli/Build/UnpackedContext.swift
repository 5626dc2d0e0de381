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
        let file = try asking(what) { () throws(SystemCallError) in try OwnedFD.standardInput() }
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

    /// All of it as a file without a name.
    func spooled(in steps: StepService) throws(Problem) -> OwnedFD {
        let target = try steps.temporaryFile()
        try asking("cannot keep standard input") { () throws(SystemCallError) in
            try target.writeAll(start)
            while true {
                let bytes = try file.read(upToBytes: 1 << 20)
                if bytes.isEmpty { return }
                try target.writeAll(bytes)
            }
        }
        return target
    }
}

/// Runs calls of the kernel and says, when one is refused, what they were for.
func asking<Value: ~Copyable>(
    _ what: String, _ body: () throws(SystemCallError) -> Value
) throws(Problem) -> Value {
    do throws(SystemCallError) {
        return try body()
    } catch {
        throw Problem(kind: .unavailable, what: what, why: "\(error)", cause: error)
    }
}

/// A context that came as an archive or lies in a repository, as files; they go with the value.
final class UnpackedContext: Sendable {
    let path: FilePath
    private let name: String
    private let scratch: ScratchDirectory

    /// Unpacks an archive.
    ///
    /// - Parameters:
    ///   - archive: the file.
    ///   - name: as the user named it.
    ///   - steps: whose scratch directories it uses.
    /// - Throws: `.invalid` for a file that is no archive.
    init(_ archive: borrowing OwnedFD, named name: String, steps: StepService) throws(Problem) {
        self.name = name
        scratch = try steps.makeScratch()
        let path = scratch.path
        let directory = try asking("cannot unpack the context \(name)") {
            () throws(SystemCallError) in try OwnedFD.open(path, [.readOnly, .directory])
        }
        let isArchive = try steps.unpack(
            archive.rawValue, named: "the context \(name)", into: directory.rawValue)
        guard isArchive else {
            throw Problem(
                kind: .invalid, what: "cannot build \(name)",
                why: "it is neither a Dockerfile nor a tar archive")
        }
        self.path = path
    }

    /// Whether a text names a repository, or a file of the web.
    static func isRemote(_ text: String) -> Bool {
        GitSource(text) != nil || text.hasPrefix("http://") || text.hasPrefix("https://")
    }

    /// Brings a repository, or an archive of the web.
    static func remote(
        _ text: String, keepsHistory: Bool, steps: StepService
    ) throws(Problem) -> UnpackedContext {
        if let source = GitSource(text) {
            return try UnpackedContext(
                source, named: text, keepsHistory: keepsHistory, steps: steps)
        }
        let file = try steps.temporaryFile()
        try steps.download(text, into: file.rawValue)
        return try UnpackedContext(file, named: text, steps: steps)
    }

    /// Checks a repository out.
    init(
        _ source: GitSource, named name: String, keepsHistory: Bool, steps: StepService
    ) throws(Problem) {
        self.name = name
        scratch = try steps.makeScratch()
        let root = scratch.path
        try steps.checkOut(
            source.address, reference: source.reference, keepsHistory: keepsHistory, into: root)
        guard let inner = source.directory else {
            path = root
            return
        }
        do throws(SystemCallError) {
            let directory = try RootedDirectory(at: root).open(
                FilePath(inner), [.readOnly, .directory])
            path = try Link.target(of: directory.procPath)
        } catch {
            throw Problem(
                kind: .notFound, what: "cannot build \(name)",
                why: "the repository has no directory \(inner)", cause: error)
        }
    }

    var usualDockerfile: String { BuildInputs.usualDockerfile(in: path) }

    /// A file of the context; links in it lead nowhere else.
    func file(named name: String) throws(Problem) -> FilePath {
        do {
            let file = try RootedDirectory(at: path).open(FilePath(name), .readOnly)
            return try Link.target(of: file.procPath)
        } catch {
            throw Problem(
                kind: .notFound, what: "cannot build \(self.name)", why: "it has no file \(name)",
                fix: "name the Dockerfile with -f", cause: error)
        }
    }
}
