import Build
import Diagnostics
import Engine

/// `kade system reset`: removes everything that Kade has, as if it had just been installed.
struct ResetSystemCommand: Command {
    var isForced = false

    static let canPlan = true

    static var grammar: Grammar<ResetSystemCommand> {
        Grammar(
            name: "reset", synopsis: "[OPTIONS]",
            summary: "Remove all containers, images, networks, volumes, secrets and build cache",
            discussion: """
                Containers that run are killed. What cannot be removed is told, and keeps nothing \
                else from it. Networks of CNI stay: they are files of their owners.
                """,
            flags: [.switch("force", "f", "Do not prompt for confirmation", \.isForced)],
            operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var prune = PruneFlags()
        prune.isForced = isForced
        guard try prune.isAgreed(Self.warning, in: session) else { return .failure }
        let engine = try session.engine()
        var problems: [Problem] = []
        try removeContainers(of: engine, in: session, &problems)
        Self.attempt(&problems) { () throws(Problem) in
            for image in try engine.images.mounts() {
                _ = try engine.images.unmount(image.id, force: true)
            }
            _ = try engine.images.prune(ImageFilter(), includingNamed: true)
        }
        var refusals: [Problem] = []
        Self.attempt(&problems) { () throws(Problem) in
            refusals = try engine.networks.prune(NetworkFilter()).problems
        }
        problems += refusals
        Self.attempt(&problems) { () throws(Problem) in
            _ = try engine.volumes.prune(VolumeFilter(), includingNamed: true)
        }
        Self.attempt(&problems) { () throws(Problem) in
            for secret in try engine.secrets.list([]) { _ = try engine.secrets.remove(secret.id) }
        }
        Self.attempt(&problems) { () throws(Problem) in
            _ = try CachePruning.prune(engine, unusedForSeconds: nil, limits: CacheLimits())
        }
        return try PruneReport(session: session).end(problems)
    }

    private func removeContainers(
        of engine: Engine, in session: Session, _ problems: inout [Problem]
    ) throws(Problem) {
        var filter = ContainerFilter()
        filter.includesStopped = true
        for container in try engine.containers.list(filter) {
            do throws(Problem) {
                let leftover = try engine.containers.remove(
                    container.id, force: true, removesVolumes: true)
                if let leftover { try session.warn(leftover) }
            } catch  where error.kind == .notFound {
                continue  // another command was faster
            } catch {
                problems.append(error)
            }
        }
    }

    private static func attempt(
        _ problems: inout [Problem], _ body: () throws(Problem) -> Void
    ) {
        do throws(Problem) { try body() } catch { problems.append(error) }
    }

    private static let warning = """
        This will remove:
          - all containers, also those that run
          - all images
          - all networks that were made with Kade
          - all volumes, with what is in them
          - all secrets
          - all build cache

        """
}
