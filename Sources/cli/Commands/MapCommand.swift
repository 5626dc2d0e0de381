import Diagnostics
import Engine
import Linux
import SystemPackage

/// `kade map`: Kade's parts, an image or a container as a drawing.
struct MapCommand: Command {
    var image: String?
    var output: MapFile?
    var format: String?
    var isWhole = false
    var container: String?

    static var grammar: Grammar<MapCommand> {
        Grammar(
            name: "map", synopsis: "[OPTIONS] [CONTAINER]",
            summary: "Draw Kade's parts, an image or a container: as text, SVG or a page",
            discussion: "Without an operand it draws Kade's own parts on this machine, from the"
                + " command down to the kernel, with paths, sockets and processes, and beside them"
                + " what Docker, containerd, Podman and Kubernetes have in their place. With"
                + " CONTAINER it draws one container's namespaces, cgroup, mounts and network, with"
                + " --image an image's index, manifests, configuration and layers.",
            flags: [
                .text("image", nil, "image", "Draw an image", \.image),
                .value(
                    "output", "o", "path",
                    "Write a drawing (map.svg) or a page (map.html) to this file", \.output,
                    MapFile.parse),
                .text(
                    "format", "f", "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format),
                .switch("no-trunc", nil, "Don't shorten IDs and digests", \.isWhole),
            ], operands: .atMost(1), operandKind: .containers,
            assign: { $0.container = $1.first })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try checkOptions()
        let format: ObjectFormat? = if let format { try ObjectFormat(format) } else { nil }
        let picture = try picture(session.engine())
        if let format {
            try session.output.writeLine(try format.text(of: MapJSON.value(of: picture)))
        } else if let output {
            try output.write(
                output.kind == .svg
                    ? SVGMap(picture, isWhole: isWhole).file
                    : HTMLMap(picture, isWhole: isWhole).text)
        } else {
            let screen = MapScreen(session.output, session.environment)
            try session.output.write(
                TextMap(
                    picture: picture, columns: screen.columns, isASCII: screen.isASCII,
                    isWhole: isWhole
                ).text)
        }
        return .success
    }

    private func checkOptions() throws(Problem) {
        func conflict(_ why: String, _ fix: String) -> Problem {
            Problem(kind: .invalid, what: "conflicting options", why: why, fix: fix)
        }
        if image != nil, container != nil {
            throw conflict("a map is of an image or of a container", "name one of them")
        }
        if format != nil, output != nil {
            throw conflict("--format prints, and --output writes a drawing", "use one of them")
        }
    }

    private func picture(_ engine: Engine) throws(Problem) -> Picture {
        if let image { return try engine.images.map(image) }
        if let container { return try engine.containers.map(container) }
        return try engine.system.map()
    }
}

/// `--output` of `map`: a file, whose name says what it is.
struct MapFile: Equatable {
    let path: String
    let kind: Kind

    enum Kind: String, CaseIterable {
        case svg, html
    }

    static func parse(_ text: String) throws(InvalidValue) -> MapFile {
        let file = FilePath(text)
        guard !text.hasSuffix("/"),
            let kind = file.extension.flatMap({ Kind(rawValue: $0.lowercased()) })
        else {
            throw InvalidValue(
                "\"\(text)\" ends neither with .svg nor with .html",
                fix: "map.svg is a drawing, map.html a page")
        }
        return MapFile(path: text, kind: kind)
    }

    /// Puts the text in the file's place once it is whole and on the disk.
    func write(_ text: String) throws(Problem) {
        do throws(SystemCallError) {
            try File.replace(
                FilePath(path), with: Array(text.utf8),
                permissions: FilePermissions(rawValue: 0o644), lasting: .powerLoss)
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot write \(path)", why: "\(error)",
                fix: "name a file in a directory that you may write to", cause: error)
        }
    }
}

/// What can be shown to the reader of standard output.
struct MapScreen {
    let columns: Int
    let isASCII: Bool

    /// Asks the terminal; where there is none, `COLUMNS`, and else takes 80 as all do.
    init(_ stream: OutputStream, _ environment: [String: String]) {
        // A terminal of no columns is one that nobody looks at.
        let own = stream.size.flatMap { $0.columns > 0 ? $0.columns : nil }
        let columns = own ?? environment["COLUMNS"].flatMap { Int($0) } ?? 80
        self.columns = max(TextMap.leastColumns, columns)
        // locale(7): the first of these that is set decides.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }
            .first { !$0.isEmpty }
        let charset = (locale ?? "").lowercased().filter { $0 != "-" }
        isASCII = !charset.hasSuffix("utf8")
    }
}
