import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// `kade-runtime checkpoint`: keeps a container on disk, to be restored later.
enum CheckpointCommand {
    private static let names: [OptionName] =
        CRIUArguments.names + [
            .value("parent-path"), .flag("leave-running"), .flag("tcp-skip-in-flight"),
            .flag("link-remap"), .value("status-fd"), .value("page-server"), .flag("pre-dump"),
        ]

    static func run(_ arguments: [String], _ global: GlobalOptions) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: names, stopsAtOperand: false)
        let id = try parsed.container(of: "checkpoint")
        var settings = try CRIUArguments.settings(parsed, global)
        settings.flags.leavesRunning = try parsed.has("leave-running")
        settings.flags.skipsConnectionsInFlight = try parsed.has("tcp-skip-in-flight")
        settings.flags.linksBack = try parsed.has("link-remap")
        var request = Checkpoint.Request(id: id, root: global.root, criu: settings)
        request.isPreDump = try parsed.has("pre-dump")
        request.parentImages = try parentImages(parsed.value("parent-path"), of: settings.images)
        request.pageServer = try pageServer(parsed.value("page-server"))
        request.statusDescriptor = try statusDescriptor(parsed.number("status-fd"))
        for warning in try Checkpoint.run(request) { global.log.warn("\(warning)") }
        return 0
    }

    private static func parentImages(
        _ path: String?, of images: FilePath
    ) throws(Problem) -> String? {
        guard let path else { return nil }
        guard !path.hasPrefix("/") else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(path)\" for flag --parent-path",
                why: "it must be relative to --image-path", fix: "write it like ../parent")
        }
        // The directory of the images itself may not be there yet.
        let parent = images.pushing(FilePath(path)).lexicallyNormalized()
        guard File.exists(parent) else {
            throw Problem(
                kind: .notFound, what: "invalid value \"\(path)\" for flag --parent-path",
                why: "there is no directory \(parent)",
                fix: "make it with checkpoint --pre-dump")
        }
        return path
    }

    /// Where the readiness of lazy pages is written to; runc's default, -1, is nowhere.
    private static func statusDescriptor(_ number: Int?) throws(Problem) -> CInt? {
        guard let number, number != -1 else { return nil }
        let flags = CInt(exactly: number).map { fcntl($0, F_GETFL) } ?? -1
        guard flags != -1, flags & O_ACCMODE != O_RDONLY else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(number)\" for flag --status-fd",
                why: flags == -1 ? "no such descriptor is open" : "it is not open for writing",
                fix: "open it first, as a shell does with \(number)>FILE")
        }
        return CInt(number)
    }

    private static func pageServer(_ text: String?) throws(Problem) -> CRIUPageServer? {
        guard let text else { return nil }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst()),
            colon != text.startIndex
        else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --page-server",
                why: "it is ADDRESS:PORT", fix: "write it like 192.0.2.1:27")
        }
        return CRIUPageServer(address: String(text[..<colon]), port: port)
    }
}
