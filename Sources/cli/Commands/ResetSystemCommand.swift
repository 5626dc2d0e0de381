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
        var problems = removeContainers(of: engine, in: session)
        problems += Self.attempt { () throws(Problem) -> [MountedImage] in
            try engine.images.mounts()
        } each: { image throws(Problem) in
            _ = try engine.images.unmount(image.id, force: true)
        }
        problems += Self.attempt { () throws(Problem) in
            _ = try engine.images.prune(ImageFilter(), includingNamed: true)
        }
        var refusals: [Problem] = []
        problems += Self.attempt { () throws(Problem) in
            refusals = try engine.networks.prune(NetworkFilter()).problems
        }
        problems += refusals
        problems += Self.attempt { () throws(Problem) in
            _ = try engine.volumes.prune(VolumeFilter(), includingNamed: true)
        }
        problems += Self.attempt { () throws(Problem) -> [SecretSummary] in
            try engine.secrets.list([])
        } each: { secret throws(Problem) in
            _ = try engine.secrets.remove(secret.id)
        }
        problems += Self.attempt { () throws(Problem) in
            _ = try CachePruning.prune(engine, unusedForSeconds: nil, limits: CacheLimits())
        }
        return try PruneReport(session: session).end(problems)
    }

    private func removeContainers(of engine: Engine, in session: Session) -> [Problem] {
        Self.attempt { () throws(Problem) -> [ContainerSummary] in
            var filter = ContainerFilter()
            filter.includesStopped = true
            return try engine.containers.list(filter)
        } each: { container throws(Problem) in
            do throws(Problem) {
                let leftover = try engine.containers.remove(
                    container.id, force: true, removesVolumes: true)
                if let leftover { try session.warn(leftover) }
            } catch  where error.kind == .notFound {
                return  // another command was faster
            }
        }
    }

    /// Does something with each of a list.
    ///
    /// - Parameters:
    ///   - list: what there is.
    ///   - body: what is done with one of it; a refusal keeps nobody from the others.
    /// - Returns: what went wrong.
    static func attempt<Item>(
        _ list: () throws(Problem) -> [Item], each body: (Item) throws(Problem) -> Void
    ) -> [Problem] {
        var problems: [Problem] = []
        do throws(Problem) {
            for item in try list() { problems += attempt { () throws(Problem) in try body(item) } }
        } catch {
            problems.append(error)
        }
        return problems
    }

    private static func attempt(_ body: () throws(Problem) -> Void) -> [Problem] {
        do throws(Problem) { try body() } catch { return [error] }
        return []
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
