import Build
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Builds of targets, each by a `kade build` of its own; those side by side that need not wait.
struct BakeRun {
    let work: FilePath
    let session: Session
    /// What all builds get.
    let flags: [String]
    let isCheck: Bool
    /// Whether one build is begun when the one before has ended.
    let isOneByOne: Bool
    /// What targets that build upon others get of them (`--build-context`), by the others' names.
    private var contexts: [String: String] = [:]
    private var metadata: [String: JSONValue] = [:]
    private var ended: Set<String> = []

    init(work: FilePath, session: Session, flags: [String], isCheck: Bool, isOneByOne: Bool) {
        self.work = work
        self.session = session
        self.flags = flags
        self.isCheck = isCheck
        self.isOneByOne = isOneByOne
    }

    /// Builds targets, each after those that it is based on.
    ///
    /// The first that fails ends the others; a look through Dockerfiles goes on.
    ///
    /// - Returns: the exit status of the build that failed first; nil where none did.
    mutating func build(_ targets: [BakeTarget]) throws(Problem) -> CInt? {
        var waiting = Array(targets.enumerated())
        var running: [TargetBuild] = []
        var failure: CInt?
        let most = isOneByOne ? 1 : max(2, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        do throws(Problem) {
            while true {
                while failure == nil || isCheck, running.count < most,
                    let place = waiting.firstIndex(where: { isReady($0.element, of: targets) })
                {
                    let (number, target) = waiting.remove(at: place)
                    running.append(
                        try start(target, as: number, showsItself: targets.count == 1 || isOneByOne)
                    )
                }
                guard !running.isEmpty else { return failure }
                for build in try quieted(&running) {
                    let status = try build.wait()
                    try finish(build)
                    guard status != 0 else { continue }
                    if failure == nil, !isCheck { Self.end(running) }
                    failure = failure ?? status
                }
            }
        } catch {
            // What has been started may not go on behind the back of whoever is told of the error.
            Self.end(running)
            for build in running { _ = try? build.wait() }
            throw error
        }
    }

    /// Writes what the builds tell of their images.
    func writeMetadata(to file: String) throws(Problem) {
        let members = metadata.sorted { $0.key < $1.key }.map {
            JSONObject.Member($0.key, $0.value)
        }
        let text = JSONValue.object(JSONObject(members)).jsonString()
        try asking("cannot write \(file) for --metadata-file") { () throws(SystemCallError) in
            try File.create(
                FilePath(file), content: Array(text.utf8),
                permissions: FilePermissions(rawValue: 0o644))
        }
    }

    /// Whether all are built that a target takes files from.
    private func isReady(_ target: BakeTarget, of targets: [BakeTarget]) -> Bool {
        target.bases.allSatisfy { base in
            ended.contains(base) || !targets.contains { $0.name == base }
        }
    }

    private func start(
        _ target: BakeTarget, as number: Int, showsItself: Bool
    ) throws(Problem) -> TargetBuild {
        let what = "cannot bake \(target.name)"
        let place = work.appending("\(number)")
        try asking(what) { () throws(SystemCallError) in
            for directory in [place, place.appending(TargetBuild.nothing)] {
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
        var arguments = [String]()
        // An ordinary user is root of the user namespace by now, who has other places by itself.
        let (dataRoot, runRoot) = (try session.dataRoot, try session.runRoot)
        arguments += ["--root", dataRoot.string, "--runroot", runRoot.string]
        arguments += ["build"] + flags
        if isCheck { arguments.append("--check") }
        arguments += [
            "--iidfile=\(place.appending(TargetBuild.idFile))",
            "--metadata-file=\(place.appending(TargetBuild.metadataFile))",
        ]
        arguments += try target.arguments(inlineFile: inlineFile, contexts: contexts)
        try session.error.writeLine("[\(target.name)]")
        return try TargetBuild(
            target.name, in: place, arguments: arguments, environment: session.environment,
            showsItself: showsItself)
    }

    /// Shows what builds say until some have nothing more to say, which are taken out.
    private func quieted(_ running: inout [TargetBuild]) throws(Problem) -> [TargetBuild] {
        var quiet: [TargetBuild] = []
        while quiet.isEmpty {
            for build in try TargetBuild.thatSpeak(among: running) {
                if try build.pass(to: session.error) { continue }
                quiet.append(build)
                running.removeAll { $0 === build }
            }
        }
        return quiet
    }

    /// Notes what a build has made.
    private mutating func finish(_ build: TargetBuild) throws(Problem) {
        ended.insert(build.name)
        // Where nothing is made, nothing is known of it: an empty directory stands for it.
        contexts[build.name] =
            isCheck
            ? build.place.appending(TargetBuild.nothing).string
            : try build.text(of: TargetBuild.idFile).map { "docker-image://\($0)" }
        if let text = try build.text(of: TargetBuild.metadataFile) {
            metadata[build.name] = try JSONValue.parse(Array(text.utf8), named: "metadata")
        }
    }

    /// Asks builds to end.
    private static func end(_ builds: [TargetBuild]) {
        for build in builds { build.end() }
    }
}
