import Diagnostics
import Glibc
import OCI

/// Starts the command that the arguments name.
///
/// The program is synchronous and only starts tasks: an asynchronous `main` would cost its start
/// time (dispatch_main ends the first thread by an unwind through all tables).
enum ServerProgram {
    private static let usage = """
        Usage: kade-server pull [--root DIR] [--platform OS/ARCH[/VARIANT]] [--tls-verify=BOOL]
                                [--quiet] REFERENCE
               kade-server load [--root DIR] ARCHIVE
               kade-server import [--root DIR] --configuration FILE [--reference REFERENCE] ARCHIVE
               kade-server serve

        A part of Kade that kade starts itself. pull brings an image from its registry into the
        store, load the images of an archive, and import makes one of a root file system. They
        report in JSON lines on standard output.
        """

    static func run(arguments: [String]) -> Never {
        switch arguments.first {
        case "pull": runPull(Array(arguments.dropFirst()))
        case "load": archive(arguments) { $0.load() }
        case "import": archive(arguments) { $0.importRootfs() }
        case "serve":
            fail(
                Problem(
                    kind: .unsupported, what: "cannot serve",
                    why: "this version of Kade has no server for Docker's and Kubernetes' APIs",
                    fix: "use the command kade"))
        case "--help", "-h", "help":
            print(usage)
            exit(0)
        case let command?:
            fail(
                Problem(
                    kind: .invalid, what: "cannot run '\(command)'",
                    why: "kade-server knows the commands pull, load, import and serve",
                    fix: "see: kade-server --help"))
        case nil:
            fail(
                Problem(
                    kind: .invalid, what: "cannot run", why: "no command was given",
                    fix: "see: kade-server --help"))
        }
    }

    private static func runPull(_ arguments: [String]) -> Never {
        do {
            PullCommand(try PullArguments(parsing: arguments)).run()
        } catch {
            // Whoever asked for JSON lines gets the mistake in one, too.
            EventOutput().write(error)
            exit(1)
        }
    }

    private static func archive(
        _ arguments: [String], _ body: (ArchiveCommand) -> Never
    ) -> Never {
        do {
            body(
                ArchiveCommand(
                    try ArchiveArguments(parsing: Array(arguments.dropFirst()), of: arguments[0])))
        } catch {
            EventOutput().write(error)
            exit(1)
        }
    }

    private static func fail(_ problem: Problem) -> Never {
        var text = "kade-server: \(problem)\n"
        if let fix = problem.fix { text += "  \(fix)\n" }
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(1)
    }
}
