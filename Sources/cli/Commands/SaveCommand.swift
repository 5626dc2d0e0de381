import Diagnostics
import Engine
import SystemPackage

/// `kade save`: writes images as an archive or a directory.
struct SaveCommand: Command {
    var output: String?
    var platforms: [String] = []
    var format = SaveFormat.docker
    var isQuiet = false
    var names: [String] = []

    static var grammar: Grammar<SaveCommand> {
        Grammar(
            name: "save", synopsis: "[OPTIONS] IMAGE [IMAGE...]",
            summary: "Save one or more images to a tar archive (streamed to STDOUT by default)",
            discussion: """
                The format docker is an OCI image layout and Docker's manifest.json over the same
                blobs: Docker, Podman, skopeo and Kade read it. docker-archive holds plain layers
                for older readers, oci-archive a layout alone; oci-dir and docker-dir are
                directories, the latter as skopeo's dir: has it. A name without a tag means all tags.
                """,
            flags: [
                .setting(
                    "format", nil, "string",
                    "docker, docker-archive, oci-archive, oci-dir or docker-dir", \.format,
                    SaveFormat.parse),
                .text("output", "o", "string", "Write to a file, instead of STDOUT", \.output),
                .list(
                    "platform", nil, "strings",
                    "Save only the given platform(s), as os[/architecture[/variant]]", \.platforms),
                Flag.switch("quiet", "q", "Save shows no progress anyway", \.isQuiet).hidden,
            ], operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var request = SaveRequest(names: names, format: format.rawValue)
        request.platforms = platforms.flatMap { $0.split(separator: ",").map(String.init) }
        let (images, asked) = (try session.engine().images, request)
        guard format.isDirectory else {
            try ArchiveOutput.write(to: output, "save") { file throws(Problem) in
                try images.save(asked, to: file)
            }
            return .success
        }
        guard let output, output != "-" else {
            throw Problem(
                kind: .invalid, what: "cannot save as \(format.rawValue)",
                why: "it is a directory, and none was named", fix: "name one with -o")
        }
        try images.save(asked, into: FilePath(output))
        return .success
    }
}

/// `--format` of `save`, in Podman's words.
enum SaveFormat: String, CaseIterable {
    case docker
    case dockerArchive = "docker-archive"
    case ociArchive = "oci-archive"
    case ociDirectory = "oci-dir"
    case dockerDirectory = "docker-dir"

    var isDirectory: Bool { self == .ociDirectory || self == .dockerDirectory }

    static func parse(_ text: String) throws(InvalidValue) -> SaveFormat {
        guard let format = SaveFormat(rawValue: text) else {
            throw InvalidValue(
                "\"\(text)\" is no format of save",
                fix: allCases.map(\.rawValue).joined(separator: ", "))
        }
        return format
    }
}
