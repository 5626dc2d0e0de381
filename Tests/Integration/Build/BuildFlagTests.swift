import Foundation
import Testing

/// Flags of `build`: those of Docker and of podman.
@Suite(.enabled(if: isRoot)) struct BuildFlagTests {
    private func config(_ site: BuildSite, _ template: String) throws -> String {
        try site.kade.check("image", "inspect", "-f", template, "made")
    }

    @Test func `arguments for the builder itself do what they say`() throws {
        let site = try BuildSite(
            "FROM base\nRUN --mount=type=cache,id=c,target=/c touch /c/$(ls /c | wc -l);"
                + " ls /c > /list; hostname > /name")
        try site.check()
        #expect(try site.read("/name") == "build")
        try site.check("--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=sandbox")
        #expect(try site.read("/name") == "sandbox")
        #expect(try site.read("/list") == "0\n1")
        try site.check("--build-arg", "BUILDKIT_CACHE_MOUNT_NS=other")
        #expect(try site.read("/list") == "0")
        let (file, out) = (site.folder.at("id"), site.folder.at("out"))
        let many = "BUILDKIT_MULTI_PLATFORM=1"
        try site.check(
            "--build-arg", many, "-o", "type=local,dest=\(out)", "-o", "type=image", "--iidfile",
            file)
        let platforms = try Tool.check("ls", out)
        #expect(platforms.hasPrefix("linux_"), "\(platforms)")
        let index = try Tool.check(
            "cat",
            "\(site.kade.root)/image/blobs/sha256/"
                + String(contentsOfFile: file, encoding: .utf8).dropFirst(7))
        #expect(index.contains("image.index.v1+json"))
        let unknown = try site.check("--build-arg", "BUILDKIT_BUILD_NAME=x")
        #expect(unknown.contains("BUILDKIT_BUILD_NAME was given and no ARG declares it"))
        // The argument goes before the directive.
        try site.write("# check=skip=all\nfrom base\nRUN true")
        try site.check()
        let checked = try site.build("--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true")
        #expect(checked.exitCode == 1 && checked.errors.contains("ConsistentInstructionCasing"))
    }

    @Test func `an image's health check is inspected`() throws {
        let site = try BuildSite(
            "FROM base\nHEALTHCHECK --interval=3s --start-interval=1s --retries=2 CMD test -e /x")
        try site.check()
        #expect(
            try site.kade.check("image", "inspect", "-f", "{{json .Config.Healthcheck}}", "made")
                == #"{"Test":["CMD-SHELL","test -e /x"],"Interval":3000000000,"#
                + #""StartInterval":1000000000,"Retries":2}"#)
    }

    @Test func `a file for another frontend is refused`() throws {
        let site = try BuildSite("# syntax=docker/dockerfile:1.7-labs\nFROM base")
        try site.check()
        try site.write(
            "# syntax=mirror.test/docker/dockerfile-upstream:master@sha256:"
                + String(repeating: "0", count: 64) + "\nFROM base")
        try site.check()
        for flags in [[], ["--check"]] {
            try site.write("# syntax=some/frontend:1\nFROM base")
            let refused = try site.kade.call(["build"] + flags + [site.folder.at("context")])
            #expect(refused.exitCode == 1, "\(refused)")
            #expect(refused.errors.contains("for the frontend some/frontend:1"), "\(refused)")
        }
        try site.check("--build-arg", "BUILDKIT_SYNTAX=docker/dockerfile")
    }

    @Test func `docker's and podman's flags that are true of Kade anyway are taken`() throws {
        let site = try BuildSite("FROM base\nRUN touch /x")
        try site.check(
            "--load", "--rm", "--force-rm", "--rm=true", "--disable-content-trust", "--format",
            "oci",
            "--skip-unused-stages", "--layers", "--pull=missing", "--identity-label=false")
        for flag in ["--load=false", "--rm=false", "--format=docker", "--skip-unused-stages=false"]
        {
            let refused = try site.build(flag)
            #expect(refused.exitCode == 125, "\(flag) \(refused.errors)")
            #expect(refused.errors.contains(String(flag.prefix { $0 != "=" })))
        }
    }

    /// Every flag of the peer's help is known: supported, or refused by its name.
    @Test(arguments: ["docker", "podman"])
    func `no flag of a peer is unknown`(peer: String) throws {
        let help = try Tool.run(peer, "build", "--help")
        var names: Set<String> = [
            // BuildKit's client, which may not be there to ask.
            "allow", "annotation", "attest", "build-context", "builder", "cache-to", "call",
            "check",
            "debug", "load", "metadata-file", "no-cache-filter", "output", "progress", "provenance",
            "push", "sbom", "secret", "ssh",
        ]
        for line in (help.output + help.errors).split(separator: "\n") {
            guard line.first == " ", let start = line.range(of: "--") else { continue }
            names.insert(String(line[start.upperBound...].prefix { $0.isLetter || $0 == "-" }))
        }
        // Docker's own flags stand below the command's.
        names.subtract([
            "config", "context", "host", "log-level", "tls", "tlscacert", "tlscert",
            "tlskey", "tlsverify", "version", "creds=username", "help",
        ])
        #expect(names.count > 30)
        let kade = try Kade()
        for name in names.sorted() where !name.isEmpty {
            let outcome = try kade.call(["build", "--\(name)", "x", "/nosuch", "--help"])
            #expect(!outcome.errors.contains("unknown flag"), "--\(name): \(outcome.errors)")
        }
    }

    @Test func `variables, bases and times of the command line`() throws {
        let site = try BuildSite(
            "ARG A\nFROM nosuch AS one\nARG A\nENV B=1 C=2\nRUN echo $A $B $D > /v\nFROM one\nCMD [\"x\"]"
        )
        try site.folder.write("# a comment\nA=file\n", to: "arguments")
        try site.folder.write("file\n", to: "ignored")
        try site.check(
            "--build-arg-file", site.folder.at("arguments"), "--from", "base", "--env", "D=d",
            "--unsetenv", "C", "--timestamp", "86400", "--omit-history", "--ignorefile",
            site.folder.at("ignored"))
        #expect(try site.read("/v") == "file 1 d")
        #expect(try config(site, "{{.Created}}") == "1970-01-02T00:00:00Z")
        #expect(try config(site, "{{json .Config.Env}}").contains("\"D=d\""))
        #expect(!(try config(site, "{{json .Config.Env}}").contains("\"C=2\"")))
        #expect(!(try site.kade.check("history", "made").contains("RUN")))
    }

    @Test func `a stage is made again, and an image is not pulled`() throws {
        let site = try BuildSite(
            "FROM base AS one\nRUN head -c 8 /dev/urandom | od > /a\nFROM one\nRUN touch /b")
        try site.check()
        let last = try site.check("--no-cache-filter", "1")
        #expect(last.components(separatedBy: "CACHED").count == 2)
        let both = try site.check("--no-cache-filter", "other,ONE")
        #expect(!both.contains("CACHED"))
        try site.write("FROM 127.0.0.1:1/nosuch")
        #expect(try site.build("--pull=never").errors.contains("No such image"))
        #expect(try site.build().errors.contains("cannot pull"))
    }

    @Test func `squashed layers come to the same files, and podman's are the same`() throws {
        let site = try BuildSite(
            """
            FROM base
            RUN echo one > /one; rm /data/file; mkdir /data/new; ln /one /again
            COPY file /data/sub/inner
            RUN rm -r /data/sub /again; mkdir /data/sub; echo two > /one; chmod 700 /data/new
            RUN touch /gone
            RUN rm /gone; echo x > /data/new/x
            """, context: "echo file > file")
        let listing = BuildCase.listing + "list \"$1\""
        func files(_ flags: String...) throws -> String {
            let output = site.folder.at("out-\(UUID())")
            try site.kade.call(["build", "-q", "-o", output] + flags + [site.folder.at("context")])
            return try Tool.check("sh", "-c", listing, "sh", output)
        }
        let whole = try files()
        #expect(try files("--squash") == whole)
        #expect(try files("--squash-all") == whole)
        try site.check()
        #expect(try config(site, "{{len .RootFS.Layers}}") == "6")
        try site.check("--squash")
        #expect(try config(site, "{{len .RootFS.Layers}}") == "2")
        #expect(try site.kade.check("history", "made").contains("5 layers squashed into one"))
        let top = try site.kade.check("image", "diff", "made").split(separator: "\n")
        #expect(!top.contains { $0.hasSuffix("/gone") || $0.hasSuffix("/again") })
        #expect(top.contains("D /data/file"))
        try site.check("--layers=false")
        #expect(try config(site, "{{len .RootFS.Layers}}") == "2")
        try site.check("--squash-all")
        #expect(try config(site, "{{len .RootFS.Layers}}") == "1")
    }

    @Test func `checks warn, skip and fail`() throws {
        let site = try BuildSite("FROM base\nWORKDIR x\nCMD echo")
        let checked = try site.build("--check")
        #expect(checked.exitCode == 1)
        #expect(
            checked.output.hasPrefix("Check complete, 2 warnings have been found!\n\nWARNING: "))
        #expect(checked.output.contains("   3 | >>> CMD echo\n"))
        #expect(!(try site.kade.check("images").contains("made")))
        let json = try site.build("--call", "check,format=json,ignorestatus=true")
        #expect(json.exitCode == 0)
        #expect(json.output.contains("\"ruleName\": \"WorkdirRelativePath\""))
        let built = try site.check()
        #expect(built.contains("\n 2 warnings found (use kade --debug to expand):\n - Workdir"))
        try site.write(
            "# check=skip=WorkdirRelativePath;error=true\nFROM base\nWORKDIR x\nCMD echo")
        let failed = try site.build()
        #expect(failed.exitCode == 1)
        #expect(failed.errors.contains("lint violation found for rules: JSONArgsRecommended"))
        #expect(!failed.errors.contains("#1 "))
        try site.write("FROM base\nCMD [\"a\"]")
        #expect(try site.build("--check").output == "Check complete, no warnings found.\n")
        try site.write("FROM base\nNOSUCH")
        #expect(try site.build("--check").errors.contains("unknown instruction: NOSUCH"))
    }
}
