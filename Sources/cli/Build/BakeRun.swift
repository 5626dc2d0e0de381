import Build
import Diagnostics
import Linux
import OCI
import SystemPackage

/// Builds of targets, each by a `kade build` of its own.
struct BakeRun {
    let work: FilePath
    let session: Session
    /// What all builds get.
    let flags: [String]
    let isCheck: Bool
    /// What came of the targets, by their names.
    var images: [String: String] = [:]
    private var metadata = JSONObject()

    init(work: FilePath, session: Session, flags: [String], isCheck: Bool) {
        self.work = work
        self.session = session
        self.flags = flags
        self.isCheck = isCheck
    }

    /// Builds a target.
    ///
    /// - Returns: the exit status of the build.
    mutating func build(_ target: BakeTarget, as number: Int) throws(Problem) -> CInt {
        let what = "cannot bake \(target.name)"
        let place = work.appending("\(number)")
        try asking(what) { () throws(SystemCallError) in
            try Directory.make(place, permissions: FilePermissions(rawValue: 0o700))
        }
        var inlineFile: String?
        if let text = target.inlineDockerfile {
            let file = place.appending("Dockerfile")
            try asking(what) { () throws(SystemCallError) in
                try File.create(file, content: Array(text.utf8), permissions: .ownerReadWrite)
            }
            inlineFile = file.string
        }
        let (idFile, metadataFile) = (place.appending("id"), place.appending("metadata"))
        var arguments = [String]()
        if let root = session.globals.dataRoot { arguments += ["--root", root] }
        if let root = session.globals.runRoot { arguments += ["--runroot", root] }
        arguments += ["build"] + flags
        if isCheck { arguments.append("--check") }
        arguments += ["--iidfile=\(idFile)", "--metadata-file=\(metadataFile)"]
        arguments += try target.arguments(inlineFile: inlineFile, images: images)
        try session.error.writeLine("[\(target.name)]")
        let program = try ProgramDirectories().own
        let status = try asking(what) { () throws(SystemCallError) in
            try startWorker(
                program, arguments: ["kade"] + arguments,
                environment: session.environment.map { "\($0.key)=\($0.value)" }.sorted(),
                descriptors: []
            ).wait()
        }
        images[target.name] = try text(of: idFile, what)
        if let text = try text(of: metadataFile, what) {
            metadata[target.name] = try JSONValue.parse(Array(text.utf8), named: "metadata")
        }
        return status.code
    }

    func writeMetadata(to file: String) throws(Problem) {
        let text = JSONValue.object(metadata).jsonString()
        try asking("cannot write \(file) for --metadata-file") { () throws(SystemCallError) in
            try File.create(
                FilePath(file), content: Array(text.utf8),
                permissions: FilePermissions(rawValue: 0o644))
        }
    }

    /// What a build has written; nil where it writes no image.
    private func text(of file: FilePath, _ what: String) throws(Problem) -> String? {
        guard File.exists(file) else { return nil }
        let bytes = try asking(what) { () throws(SystemCallError) in try File.read(file) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
