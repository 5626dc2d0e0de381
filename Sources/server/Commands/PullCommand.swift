import Diagnostics
import Glibc
import Linux
import Registry
import Storage
import SystemPackage

/// `kade-server pull`: brings an image into the store and reports in JSON lines.
///
/// The first thread waits for signals. SIGINT and SIGTERM cancel the pull, which then leaves what
/// has arrived for the next one; a second signal ends the program at once.
struct PullCommand {
    let arguments: PullArguments

    init(_ arguments: PullArguments) {
        self.arguments = arguments
    }

    func run() -> Never {
        signal(SIGPIPE, SIG_IGN)
        returnFreedBuffers(from: 64 << 10)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)  // for all threads that follow
        let output = EventOutput()
        let pull = Task { [arguments] in
            do throws(Problem) {
                try await Self.pull(arguments, output: output)
                _exit(0)
            } catch {
                output.write(error)
                _exit(1)
            }
        }
        output.whenClosed { pull.cancel() }
        var received: CInt = 0
        sigwait(&signals, &received)
        pull.cancel()
        // Another process may hold what a thread here waits for: then the end does not wait for it.
        var patience = timespec(tv_sec: 5, tv_nsec: 0)
        sigtimedwait(&signals, nil, &patience)
        _exit(128 + received)
    }

    private static func pull(
        _ arguments: PullArguments, output: EventOutput
    ) async throws(Problem) {
        let environment = { @Sendable (name: String) in getenv(name).map { String(cString: $0) } }
        let settings = RegistrySettings(
            verifiesTLS: arguments.verifiesTLS, environment: environment)
        var references = [arguments.reference]
        if arguments.takesAllTags {
            references = try await AllTagsPull(arguments.reference, settings: settings).references()
        }
        let content = try ContentStore(root: arguments.root)
        let layers = try Layers.limited(root: arguments.root)
        for reference in references {
            let pull = ImagePull(
                reference, platform: arguments.platform, content: content, layers: layers,
                settings: settings,
                report: { event in
                    if case .layer = event, arguments.isQuiet { return }
                    output.write(event)
                })
            _ = try await pull.run()
        }
    }
}

extension Layers {
    /// The layers of a data root, with the limit that the environment sets.
    static func limited(root: FilePath) throws(Problem) -> Layers {
        var layers = try Layers(root: root)
        layers.archiveLimit = try ArchiveLimit { name in
            getenv(name).map { String(cString: $0) }
        }
        return layers
    }
}
