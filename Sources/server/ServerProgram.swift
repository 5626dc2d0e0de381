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
                                [--quiet] [--all-tags] [--all-platforms] [--authfile FILE]
                                [--signature-policy FILE] REFERENCE
               kade-server push [--root DIR] [--platform OS/ARCH[/VARIANT]] [--tls-verify=BOOL]
                                [--quiet] [--all-tags] [--whole] [--authfile FILE]
                                REFERENCE
               kade-server manifest [--root DIR] [--store] [--authfile FILE] REFERENCE
               kade-server login [--credentials FILE] [--authfile FILE] [SERVER]
               kade-server search [--limit N] [--authfile FILE] [REGISTRY/]WORD
               kade-server logout [--authfile FILE] [SERVER]
               kade-server load [--root DIR] [--platform P]... [--daemon-image NAME] ARCHIVE
               kade-server docker-save NAME
               kade-server docker-load NAME
               kade-server import [--root DIR] --configuration FILE [--reference REFERENCE] ARCHIVE
               kade-server export LAYER...
               kade-server commit [--root DIR] --base DIGEST --configuration FILE
                                  --upper DIR|--copy DIR [--reference REFERENCE]
                                  [--latest-time SECONDS] LOWER...
               kade-server save [--root DIR] [--format FORMAT] [--platform P]...
                                [--directory DIR] DIGEST[=REFERENCE,...]...
               kade-server check [--root DIR]
               kade-server restore [--root DIR] DIFFID...
               kade-server flush [--root DIR] [--detach]
               kade-server registry [--root DIR] [--listen ADDRESS:PORT|unix:///PATH] [--name NAME]
                                    [--own-only] [--read-only] [--quiet] [--htpasswd FILE]
                                    [--token-realm URL --token-service NAME --token-issuer NAME
                                     --token-key FILE]
                                    [--tls-cert FILE --tls-key FILE [--client-ca FILE]]
               kade-server unpack [--certain] ARCHIVE
               kade-server archive DIR NAME [NEW-NAME]
               kade-server download ADDRESS
               kade-server layer [--root DIR] --upper DIR|--copy DIR [--latest-time SECONDS]
                                 [--mount-point PATH]... LOWER...
               kade-server encode [--root DIR] [--compression FORMAT] [--compression-level N]
                                  [--force-compression] MEDIA-TYPE DIGEST SIZE
               kade-server serve

        A part of Kade that kade starts itself. pull brings an image from its registry into the
        store and push the other way, manifest fetches a manifest alone, search looks for images,
        login and logout keep and remove passwords, load brings the images of an archive, and import
        makes one of a root file system. docker-save writes an image of Docker's daemon as an archive to
        descriptor 3, and docker-load gives the daemon the archive there. They report in JSON lines on standard output. export writes
        what layers show, archive a file or directory, and save images, to descriptor 3. commit makes an image of what a
        container changed. For builds layer makes a layer of an upper directory, or of what a copy of layers has more, unpack unpacks an
        archive of files into the directory that is descriptor 3 (what is none is an error with
        --certain), download writes a file from the web to descriptor 3, and encode compresses the
        layers of an image. check verifies the store. restore unpacks layers again whose
        directories are not whole. flush writes what was unpacked to the disk, with --detach in the
        background. registry serves the store to other machines, with a log on standard output. The
        ARCHIVE of load, import and unpack --certain may be -, which is standard input.
        """

    static func run(arguments: [String]) -> Never {
        let rest = Array(arguments.dropFirst())
        switch arguments.first {
        case "pull": transfer(arguments) { PullCommand($0).run() }
        case "push": transfer(arguments) { PushCommand($0).run() }
        case "manifest": perform { () throws(Problem) in try ManifestCommand(parsing: rest).run() }
        case "search": perform { () throws(Problem) in try SearchCommand(parsing: rest).run() }
        case "login": runLogin(arguments) { command throws(Problem) in command.login() }
        case "logout": runLogin(arguments) { command throws(Problem) in try command.logout() }
        case "load": archive(arguments) { $0.load() }
        case "import": archive(arguments) { $0.importRootfs() }
        case "export": perform { () throws(Problem) in try ExportCommand(parsing: rest).run() }
        case "commit": perform { () throws(Problem) in try CommitCommand(parsing: rest).run() }
        case "save": perform { () throws(Problem) in try SaveCommand(parsing: rest).run() }
        case "check": perform { () throws(Problem) in try CheckCommand(parsing: rest).run() }
        case "restore": runRestore(Array(arguments.dropFirst()))
        case "flush": runFlush(Array(arguments.dropFirst()))
        case "layer": perform { () throws(Problem) in try LayerCommand(parsing: rest).run() }
        case "encode": perform { () throws(Problem) in try EncodeCommand(parsing: rest).run() }
        case "download": perform { () throws(Problem) in try DownloadCommand(parsing: rest).run() }
        case "docker-save", "docker-load":
            perform { () throws(Problem) in
                try DockerCommand(parsing: arguments).run()
            }
        case "registry": runRegistry(rest)
        case "archive":
            perform { () throws(Problem) in try PathArchiveCommand(parsing: rest).run() }
        case "unpack": perform { () throws(Problem) in try UnpackCommand(parsing: rest).run() }
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
                    why:
                        "kade-server has no such command",
                    fix: "see: kade-server --help"))
        case nil:
            fail(
                Problem(
                    kind: .invalid, what: "cannot run", why: "no command was given",
                    fix: "see: kade-server --help"))
        }
    }

    /// Runs a command that reports in JSON lines, its own arguments' mistakes too.
    private static func perform(_ body: () throws(Problem) -> Never) -> Never {
        do throws(Problem) {
            try body()
        } catch {
            EventOutput().write(error)
            exit(1)
        }
    }

    private static func transfer(
        _ arguments: [String], _ body: (TransferArguments) -> Never
    ) -> Never {
        do {
            body(
                try TransferArguments(parsing: Array(arguments.dropFirst()), of: arguments[0]))
        } catch {
            // Whoever asked for JSON lines gets the mistake in one, too.
            EventOutput().write(error)
            exit(1)
        }
    }

    private static func runLogin(
        _ arguments: [String], _ body: (LoginCommand) throws(Problem) -> Void
    ) -> Never {
        do throws(Problem) {
            try body(try LoginCommand(parsing: Array(arguments.dropFirst()), of: arguments[0]))
            exit(0)
        } catch {
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

    private static func runRestore(_ arguments: [String]) -> Never {
        do {
            try RestoreCommand(parsing: arguments).run()
            exit(0)
        } catch {
            EventOutput().write(error)
            exit(1)
        }
    }

    private static func runFlush(_ arguments: [String]) -> Never {
        do throws(Problem) {
            try FlushCommand(parsing: arguments).run()
            exit(0)
        } catch {
            fail(error)
        }
    }

    private static func runRegistry(_ arguments: [String]) -> Never {
        do throws(Problem) {
            try RegistryCommand(parsing: arguments).run()
        } catch {
            fail(error)
        }
    }

    private static func fail(_ problem: Problem) -> Never {
        tell(problem)
        exit(1)
    }

    /// Writes an error for a person.
    static func tell(_ problem: Problem) {
        var text = "kade-server: \(problem)\n"
        if let fix = problem.fix { text += "  \(fix)\n" }
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
