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
    /// What targets that build upon others get of them (`--build-context`), by the others' names.
    private var contexts: [String: String] = [:]
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
        let nothing = place.appending("nothing")
        try asking(what) { () throws(SystemCallError) in
            for directory in [place, nothing] {
                try Directory.make(directory, permissions: FilePermissions(rawValue: 0o700))
            }
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
        // An ordinary user is root of the user namespace by now, who has other places by itself.
        arguments += ["--root", try session.dataRoot.string, "--runroot", session.runRoot.string]
        arguments += ["build"] + flags
        if isCheck { arguments.append("--check") }
        arguments += ["--iidfile=\(idFile)", "--metadata-file=\(metadataFile)"]
        arguments += try target.arguments(inlineFile: inlineFile, contexts: contexts)
        try session.error.writeLine("[\(target.name)]")
        let program = try ProgramDirectories().own
        let status = try asking(what) { () throws(SystemCallError) in
            try startWorker(
                program, arguments: ["kade"] + arguments,
                environment: session.environment.map { "\($0.key)=\($0.value)" }.sorted(),
                descriptors: []
            ).wait()
        }
        // Where nothing is made, nothing is known of it: an empty directory stands for it.
        contexts[target.name] =
            isCheck ? nothing.string : try text(of: idFile, what).map { "docker-image://\($0)" }
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
