import Diagnostics
import Engine

/// `kade rmi`: removes names of images, and images that have none left.
struct RemoveImageCommand: Command {
    var isForced = false
    var platforms: [String] = []
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveImageCommand> {
        Grammar(
            name: "rmi", synopsis: "[OPTIONS] IMAGE [IMAGE...]",
            summary: "Remove one or more images",
            flags: [
                .switch("force", "f", "Force removal of the image", \.isForced),
                .allowing("no-prune", "true", "images of Kade have no untagged parents to remove"),
                .list(
                    "platform", nil, "strings",
                    "Remove only the given platform(s), as os[/architecture[/variant]]",
                    \.platforms),
            ], operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let images = try session.engine().images
        let platforms = platforms.flatMap { $0.split(separator: ",").map(String.init) }
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            let removals =
                platforms.isEmpty
                ? try images.remove(name, force: isForced)
                : try images.remove(name, platforms: platforms, force: isForced)
            for removal in removals {
                switch removal {
                case .untagged(let name): try session.output.writeLine("Untagged: \(name)")
                case .deleted(let id): try session.output.writeLine("Deleted: \(id)")
                }
            }
            return nil
        }
    }
}
