import Diagnostics
import Engine

/// `kade rmi`: removes names of images, and images that have none left.
struct RemoveImageCommand: Command {
    var isForced = false
    var names: [String] = []

    static var grammar: Grammar<RemoveImageCommand> {
        Grammar(
            name: "rmi", synopsis: "[OPTIONS] IMAGE [IMAGE...]",
            summary: "Remove one or more images",
            flags: [
                .switch("force", "f", "Force removal of the image", \.isForced),
                .unsupported(
                    "no-prune", nil, nil, why: "images of Kade have no untagged parents to keep"),
                .unsupported(
                    "platform", nil, "string",
                    why: "an image is removed with all of its platforms that are here"),
            ], operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let images = try session.engine().images
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            for removal in try images.remove(name, force: isForced) {
                switch removal {
                case .untagged(let name): try session.output.writeLine("Untagged: \(name)")
                case .deleted(let id): try session.output.writeLine("Deleted: \(id)")
                }
            }
            return nil
        }
    }
}
