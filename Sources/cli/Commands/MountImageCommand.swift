import Diagnostics
import Engine
import OCI
import SystemPackage

/// `kade image mount`: mounts an image's files on the host, or lists what is mounted.
struct MountImageCommand: Command {
    var format: String?
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<MountImageCommand> {
        Grammar(
            name: "mount", synopsis: "[OPTIONS] [IMAGE...]",
            summary: "Mount the files of images, read-only, and print where they are",
            discussion: """
                Without an image it lists the mounted ones. The layers of a mounted image stay on
                the disk until it is unmounted; a reboot unmounts all.
                """,
            flags: [
                .text(
                    "format", nil, "string", "Format the list: 'json' or a Go template", \.format)
            ], operands: .atLeast(0), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let images = try session.engine().images
        guard names.isEmpty else {
            return try OperandLoop.run(names, in: session) { name throws(Problem) in
                "\(try images.mount(name))"
            }
        }
        let rows: [JSONObject] = try images.mounts().map { image in
            [
                "ID": .string(image.id),
                "Names": .string(image.names.joined(separator: ",")),
                "Path": .string(image.path.string),
            ]
        }
        let listing = Listing(
            columns: [
                .init(member: "ID", title: "IMAGE ID"), .init(member: "Names", title: "NAMES"),
                .init(member: "Path", title: "PATH"),
            ], titles: ["ID": "IMAGE ID", "Names": "NAMES", "Path": "PATH"], rows: rows)
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }
}

/// `kade image unmount`.
struct UnmountImageCommand: Command {
    var unmountsAll = false
    var isForced = false
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<UnmountImageCommand> {
        Grammar(
            name: "unmount", synopsis: "[OPTIONS] IMAGE [IMAGE...]",
            summary: "Unmount the files of images",
            flags: [
                .switch("all", "a", "Unmount all images", \.unmountsAll),
                .switch(
                    "force", "f", "Unmount an image that is in use, when it is not any more",
                    \.isForced),
            ], operands: .atLeast(0), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let images = try session.engine().images
        guard unmountsAll || !names.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot unmount", why: "no image was named",
                fix: "name one, or use --all")
        }
        let all = unmountsAll ? try images.mounts().map(\.id) : names
        return try OperandLoop.run(all, in: session) { name throws(Problem) in
            try images.unmount(name, force: isForced)
        }
    }
}
