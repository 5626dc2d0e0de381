import Foundation
import Testing

/// Contexts that are no directory of this machine: repositories, and files of the web.
@Suite(.enabled(if: isRoot)) struct BuildContextTests {
    /// A server on a port of its own, which ends with the value.
    private final class Server {
        var port: Int { reserved.number }
        private let reserved: ReservedPort
        private let running: Tool.Running

        /// Starts it and waits until it answers.
        init(_ command: (Int) -> [String], isReady: (Int) throws -> Bool) throws {
            reserved = try ReservedPort()
            running = try Tool.start(command(reserved.number))
            let deadline = Date(timeIntervalSinceNow: 60)
            while try !isReady(reserved.number) {
                guard running.process.isRunning, Date() < deadline else {
                    throw Tool.Failure(description: running.errors)
                }
                usleep(20_000)
            }
        }

        deinit {
            running.signal(SIGKILL)
            running.process.waitUntilExit()
        }
    }

    /// A repository with two branches, a tag and a directory, behind git's own server.
    private static func serveRepository(in folder: TemporaryFolder) throws -> Server {
        let script = """
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b
            export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
            mkdir -p "$1/git/r" && cd "$1/git/r" && git init -q -b main .
            mkdir sub; echo first > file; echo in > sub/file; ln -s file link
            printf 'FROM base\\nCOPY . /all/\\n' > Dockerfile
            printf 'FROM base\\nCOPY file /sub\\n' > sub/Dockerfile
            git add -A; git commit -q -m one; git tag -a -m t v1
            echo second > file; git commit -q -a -m two
            git checkout -q -b other; echo third > file; git commit -q -a -m three
            git checkout -q main; touch .git/git-daemon-export-ok
            """
        try Tool.check("sh", "-ec", script, "sh", folder.path)
        // git itself would start it as a process of its own.
        let programs = try Tool.check("git", "--exec-path").trimmingCharacters(in: .newlines)
        return try Server({ port in
            [
                "\(programs)/git-daemon", "--listen=127.0.0.1", "--port=\(port)", "--reuseaddr",
                "--base-path=\(folder.at("git"))",
            ]
        }) { port in
            try Tool.run("git", "ls-remote", "git://127.0.0.1:\(port)/r").exitCode == 0
        }
    }

    @Test func `a repository is a context, at a branch, tag or commit, and a directory of it`()
        throws
    {
        let site = try BuildSite("FROM base")
        let server = try Self.serveRepository(in: site.folder)
        let address = "git://127.0.0.1:\(server.port)/r"
        let commit = try Tool.check("git", "-C", site.folder.at("git/r"), "rev-parse", "v1~0")
            .trimmingCharacters(in: .newlines)
        for (fragment, path, content) in [
            ("", "/all/file", "second"), ("#v1", "/all/file", "first"),
            ("#other", "/all/link", "third"), ("#\(commit)", "/all/file", "first"),
            ("#main:sub", "/sub", "in"),
        ] {
            try site.kade.check("build", "-q", "-t", "made", "\(address)\(fragment)")
            #expect(try site.read(path) == content, "\(fragment)")
        }
        #expect(try site.kade("run", "--rm", "made", "ls", "/all/.git").exitCode == 1)
        try site.kade.check(
            "build", "-q", "-t", "made", "--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", address)
        #expect(try site.kade("run", "--rm", "made", "ls", "/all/.git/HEAD").exitCode == 0)
        for (fragment, why) in [
            ("#nosuch", "cannot fetch"), ("#main:nosuch", "no directory nosuch"),
            ("#--upload-pack=x", "begins with a dash"),
        ] {
            let refused = try site.kade.call(["build", "\(address)\(fragment)"])
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains(why), "\(refused.errors)")
        }
        #expect(try Tool.check("ls", site.kade.root + "/build/scratch").isEmpty)
    }

    @Test func `ADD of a repository is cached by its commit`() throws {
        let site = try BuildSite("FROM base")
        let server = try Self.serveRepository(in: site.folder)
        let address = "git://127.0.0.1:\(server.port)/r"
        try site.write(
            """
            FROM base
            ADD --chown=7:8 \(address)#main:sub /s
            ADD --keep-git-dir=true \(address)#v1 /v/
            """)
        try site.check()
        #expect(try site.read("/s/file") == "in")
        let owner = try site.kade.check("run", "--rm", "made", "stat", "-c", "%u:%g", "/s/file")
        #expect(owner == "7:8")
        #expect(try site.read("/v/file") == "first")
        #expect(try site.kade.check("run", "--rm", "made", "ls", "/v/.git").contains("HEAD"))
        #expect(try site.check().components(separatedBy: "CACHED").count == 3)
        try Tool.check(
            "sh", "-ec",
            "cd \"$1\"; echo new > sub/file; "
                + "git -c user.name=a -c user.email=a@b commit -q -a -m 4",
            "sh", site.folder.at("git/r"))
        #expect(try site.check().components(separatedBy: "CACHED").count == 1)
        #expect(try site.read("/s/file") == "new")
        try site.write("FROM base\nADD --checksum=0123 \(address)#v1 /v/")
        #expect(try site.build().errors.contains("--checksum says 0123"))
    }

    @Test func `an archive or a Dockerfile of the web is a context`() throws {
        let site = try BuildSite("FROM base\nCOPY file /file", context: "echo x > file")
        try site.folder.write("", to: "www/empty")
        try Tool.check(
            "sh", "-ec",
            """
            cd "$1"; tar -C context -czf www/c.tar.gz .
            printf 'FROM base\\nRUN echo alone > /alone\\n' > www/plain
            printf 'FROM base\\nCOPY file /other\\n' > context/Other; tar -C context -cf www/o.tar .
            """, "sh", site.folder.path)
        let server = try Server({ port in
            ["busybox", "httpd", "-f", "-p", "127.0.0.1:\(port)", "-h", site.folder.at("www")]
        }) { port in
            try Tool.run(
                "busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:\(port)/empty"
            ).exitCode == 0
        }
        let address = "http://127.0.0.1:\(server.port)"
        try site.kade.check("build", "-q", "-t", "made", "\(address)/c.tar.gz")
        #expect(try site.read("/file") == "x")
        try site.kade.check("build", "-q", "-t", "made", "-f", "Other", "\(address)/o.tar")
        #expect(try site.read("/other") == "x")
        try site.kade.check("build", "-q", "-t", "made", "\(address)/plain")
        #expect(try site.read("/alone") == "alone")
        try site.folder.write("FROM base\nCOPY --from=other file /named\n", to: "context/Named")
        try site.check(
            "-f", site.folder.at("context/Named"), "--build-context", "other=\(address)/c.tar.gz")
        #expect(try site.read("/named") == "x")
        try site.kade.check("import", "\(address)/c.tar.gz", "imported")
        #expect(
            try site.kade.check("history", "--format", "{{.Comment}}", "imported")
                == "Imported from \(address)/c.tar.gz")
        #expect(try site.kade.check("image", "diff", "imported").contains("A /file"))
        #expect(try site.kade("import", "\(address)/nosuch").errors.contains("answers 404"))
        // Nobody is there; what is said of registries helps nobody.
        let nobody = "127.0.0.1:1"
        try site.folder.write("FROM scratch\nADD http://\(nobody)/x /x\n", to: "context/Nobody")
        for command in [
            ["import", "http://\(nobody)/x"],
            ["build", "-f", site.folder.at("context/Nobody"), site.folder.at("context")],
        ] {
            let outcome = try site.kade.call(command)
            #expect(outcome.exitCode != 0)
            let remedy = "check the address \(nobody), the network"
            #expect(outcome.errors.contains(remedy), "\(outcome)")
            #expect(!outcome.errors.contains("registry"), "\(outcome)")
        }
        let missing = try site.kade.call(["build", "\(address)/nosuch"])
        #expect(missing.errors.contains("the server answers 404"))
        let wrong = try site.kade.call(["build", "-f", "x", "\(address)/plain"])
        #expect(wrong.errors.contains("it is no archive"))
        #expect(try Tool.check("ls", site.kade.root + "/build/scratch").isEmpty)
    }

    @Test func `standard input is the context or the Dockerfile, and not both`() throws {
        let site = try BuildSite("FROM base\nCOPY file /file", context: "echo x > file")
        let both = try Tool.start(
            ["sh", "-c", "tar -C \"$0\" -c . | \"$@\"", site.folder.at("context")]
                + site.kade.commandLine(["build", "-f", "-", "-"])
        ).wait()
        #expect(both.exitCode == 1)
        #expect(both.errors.contains("cannot be both"))
        let plain = try Tool.start(
            ["sh", "-c", "printf 'FROM base\\nRUN echo y > /y' | \"$@\"", "sh"]
                + site.kade.commandLine(["build", "-t", "made", "-f", "-", "-"])
        ).wait()
        #expect(plain.exitCode == 0, "\(plain.errors)")
        #expect(try site.read("/y") == "y")
    }

    @Test func `a layout on disk is a context, by tag, by digest or alone`() throws {
        let site = try BuildSite("FROM base AS made\nRUN echo x > /x\n", context: "true")
        let layout = site.folder.at("layout")
        try site.check()
        try site.kade.check("save", "--format", "oci-dir", "-o", layout, "made")
        let index = try Tool.check("jq", "-r", ".manifests[0].digest", layout + "/index.json")
        let digest = index.trimmingCharacters(in: .whitespacesAndNewlines)
        try site.kade.check("rmi", "made")
        let listing = ["images", "--format", "{{.Repository}} {{.Digest}}"]
        let names = try site.kade.call(listing).output
        try site.write(
            """
            FROM other AS one
            RUN cat /x > /y
            FROM base
            COPY --from=one /y /y
            COPY --from=other /x /x
            """)
        for place in [layout, "\(layout):latest", "\(layout)@\(digest)"] {
            try site.check("--no-cache", "--build-context", "other=oci-layout://\(place)")
            #expect(try site.read("/y") == "x")
            #expect(try site.read("/x") == "x")
            try site.kade.check("rmi", "made")
            // Nothing of it stays under a name, or without one.
            #expect(try site.kade.call(listing).output == names)
        }
        let missing = try site.build("--build-context", "other=oci-layout://\(layout):nosuch")
        #expect(missing.errors.contains("the layout has no image of this name"))
        let none = try site.build(
            "--build-context", "other=oci-layout://\(site.folder.at("context"))")
        #expect(none.errors.contains("it is no OCI layout"), "\(none.errors)")
        let target = try site.build("--build-context", "other=target:x")
        #expect(target.errors.contains("a target of a file of bake"))
    }

    @Test func `a context takes the place of a stage and of an image`() throws {
        let site = try BuildSite(
            """
            FROM nosuch.invalid/image AS stage
            RUN false
            FROM docker.io/library/sample:latest
            COPY --from=stage /file /file
            """, context: "mkdir other; echo from-directory > other/file")
        try site.check(
            "--build-context", "stage=\(site.folder.at("context/other"))",
            "--build-context", "sample=docker-image://base")
        #expect(try site.read("/file") == "from-directory")
    }

    @Test func `questions are answered without building`() throws {
        let site = try BuildSite(
            "ARG A=1\n# last is all\nFROM nosuch.invalid/$A AS last\nRUN false", context: "true")
        #expect(try site.build("--call=outline").output.contains("A           1"))
        #expect(
            try site.build("--call=targets").output
                == "TARGET         DESCRIPTION\nlast (default) is all\n")
        #expect(try site.build("--call=targets,format=json").output.contains("\"default\": true"))
        #expect(try site.build("--call=subrequests.describe").output.contains("lint"))
        #expect(try site.build("--call=nosuch").exitCode == 125)
        #expect(try site.build("--call=outline", "--target", "none").exitCode == 1)
    }
}
