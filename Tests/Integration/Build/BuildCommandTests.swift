import Foundation
import Testing

/// What `kade build` does beyond what other builders do alike.
@Suite(.enabled(if: isRoot)) struct BuildCommandTests {
    @Test func `the same inputs give the same image in another store and at another time`() throws {
        let dockerfile = """
            FROM base
            RUN date > /dev/null; mkdir -p /a/b; echo x > /a/b/c; touch /z /y; rm /data/file; mv /data/sub /moved
            COPY . /context/
            WORKDIR /new
            """
        let script = "mkdir -p d; for n in 3 1 2; do echo $n > d/$n; done"
        var ids: Set<String> = []
        for _ in 0..<2 {
            let site = try BuildSite(dockerfile, context: script)
            // The base image's time is one of the inputs.
            try site.kade.check("rmi", "base")
            let layout = try Self.baseLayout.get()
            try site.kade.check("load", "-i", layout)
            let id = site.folder.at("id")
            try site.check("--iidfile", id)
            ids.insert(try String(contentsOfFile: id, encoding: .utf8))
            sleep(1)
        }
        #expect(ids.count == 1)
        #expect(ids.first?.hasPrefix("sha256:") == true)
    }

    /// The base image as a layout, so that several stores have the very same one.
    private static let baseLayout = Result {
        let kade = try Kade()
        try kade.check("import", try BuildCase.baseArchive.get(), "base:latest")
        let archive = SharedFolder.at("base-layout.tar")
        try Tool.check(
            "skopeo", "copy", "-q", "--insecure-policy",
            "oci:\(kade.root)/image:docker.io/library/base:latest",
            "docker-archive:\(archive):base:latest")
        return archive
    }

    @Test func `what is cached is not done again, and --why says what changed`() throws {
        let site = try BuildSite(
            "FROM base\nCOPY a /a\nRUN head -c 8 /dev/urandom | od > /random\nCOPY b /b",
            context: "echo 1 > a; echo 1 > b")
        #expect(try site.check("--why").contains("because it was not built here before"))
        let random = try site.read("/random")
        #expect(try site.check().components(separatedBy: "CACHED").count == 4)
        #expect(try site.read("/random") == random)

        try site.write(
            "FROM base\nCOPY a /a\nRUN head -c 8 /dev/urandom | od > /random\nCOPY b /b",
            context: "touch a; echo 2 > b")
        let second = try site.check("--why")
        #expect(second.components(separatedBy: "CACHED").count == 3)
        #expect(second.contains("file b changed"))
        #expect(try site.read("/random") == random)

        try site.write(
            "FROM base\nCOPY a /a\nRUN head -c 8 /dev/urandom | od > /random\nCOPY b /b",
            context: "echo 2 > a")
        let third = try site.check("--why")
        #expect(third.contains("file a changed"))
        #expect(third.contains("because what lies below changed"))
        #expect(try site.read("/random") != random)
        #expect(!(try site.check("--no-cache").contains("CACHED")))
    }

    @Test func `files that did not change are not read again, and changed ones are`() throws {
        let site = try BuildSite(
            "FROM base\nCOPY . /all/", context: "head -c 1000 /dev/zero > a; echo b > b")
        sleep(4)  // what changed just now is read again
        try site.check()
        let stats = try Tool.check("sh", "-c", "cat \"$1\"/build/stats/*", "sh", site.kade.root)
        #expect(stats.split(separator: "\n").count == 3)
        // A wrong digest shows that it is the one that is used.
        try Tool.check(
            "sh", "-c", "sed -i 's/[0-9a-f]*$/0000/' \"$1\"/build/stats/*", "sh", site.kade.root)
        #expect(!(try site.check().contains("CACHED")))
        #expect(try site.check().contains("CACHED"))
        // The same size and time of modification, and another content.
        try Tool.check(
            "sh", "-ec", "cd \"$1\"; touch -r b t; echo c > b; touch -r t b; rm t", "sh",
            site.folder.at("context"))
        #expect(!(try site.check().contains("CACHED")))
        #expect(try site.read("/all/b") == "c")
        try site.kade.check("builder", "prune", "-f")
        #expect(try Tool.check("ls", site.kade.root + "/build/stats").isEmpty)
    }

    @Test func `pruning the builder frees what only the cache needs`() throws {
        let site = try BuildSite("FROM base\nRUN head -c 1000000 /dev/urandom > /big")
        try site.check()
        try site.kade.check("rmi", "made")
        let blobs = site.kade.root + "/image/blobs/sha256"
        let before = try Tool.check("du", "-s", blobs)
        let rows = try site.kade.check(
            "system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}")
        // The blob of a megabyte, which is the layer as well where that is an EROFS image.
        #expect(rows.contains("Build Cache 1 0 1") || rows.contains("Build Cache 1 0 2"), "\(rows)")
        #expect(try site.kade.check("system", "df", "-v").contains("regular"))
        #expect(try site.kade.check("builder", "prune", "-f").contains("Total reclaimed space: 1"))
        #expect(try Tool.check("du", "-s", blobs) != before)
        #expect(try Tool.check("ls", site.kade.root + "/build/inputs").isEmpty)
        #expect(!(try site.check().contains("CACHED")))
    }

    @Test func `here-documents are shell text, scripts and files`() throws {
        let site = try BuildSite(
            """
            FROM base
            ENV v=1
            RUN <<EOF
            echo one > /one
            echo two >> /one
            EOF
            RUN <<EOF
            #!/bin/cat
            EOF
            RUN cat > /two <<-X && echo more >> /two
            \tvalue $v
            \tX
            COPY <<a <<'b' /files/
            x $v
            a
            x $v
            b
            """)
        let output = try site.check()
        #expect(output.contains("#!/bin/cat"))
        #expect(try site.read("/one") == "one\ntwo")
        #expect(try site.read("/two") == "value 1\nmore")
        #expect(try site.read("/files/a") == "x 1")
        #expect(try site.read("/files/b") == "x $v")
        #expect(try site.kade("run", "--rm", "made", "ls", "/dev/pipes").exitCode == 1)
    }

    @Test func `secrets, caches, binds and tmpfs are seen by RUN and not by the image`() throws {
        let site = try BuildSite(
            """
            FROM base AS other
            RUN echo other > /from-other
            FROM base
            RUN --mount=type=secret,id=s,required=true --mount=type=secret,id=v,env=V,target=/v \\
                cat /run/secrets/s /v > /seen; echo $V >> /seen; stat -c %a /run/secrets/s >> /seen
            RUN --mount=type=cache,target=/cache echo x >> /cache/count; cat /cache/count > /count
            RUN --mount=type=bind,target=/b --mount=from=other,source=/from-other,target=/o,rw \\
                cat /b/file /o > /bound; echo changed > /o; ! touch /b/no
            RUN --mount=type=tmpfs,target=/t,size=1m echo x > /t/x; mount | grep -c ' /t ' > /tmpfs
            """, context: "echo context > file; echo no > ignored; echo ignored > .dockerignore")
        let secret = site.folder.at("secret")
        try site.folder.write("hidden\n", to: "secret")
        let build = {
            try Tool.start(
                site.kade.commandLine([
                    "build", "-t", "made", "--secret", "id=s,src=\(secret)", "--secret",
                    "id=v,env=HIDDEN", site.folder.at("context"),
                ]), environment: ["HIDDEN": "variable"]
            ).wait()
        }
        let first = try build()
        #expect(first.exitCode == 0, "\(first.errors)")
        #expect(try site.read("/seen") == "hidden\nvariablevariable\n400")
        #expect(try site.read("/count") == "x")
        #expect(try site.read("/bound") == "context\nother")
        #expect(try site.read("/tmpfs") == "1")
        let places = try site.kade.check("run", "--rm", "made", "ls", "/")
        for place in ["cache", "b", "o", "t", "v"] {
            #expect(!places.split(separator: "\n").contains { $0 == place })
        }
        #expect(
            try site.build("--no-cache").errors.contains(
                "the build was not given one of this name"))
        try site.kade.wait { try site.kade.leftovers().isEmpty }
    }

    @Test func `links of the context and of the image stay inside`() throws {
        let site = try BuildSite(
            """
            FROM base
            RUN ln -s /../../../../../outside /away && ln -s ../../../../etc /up
            COPY file /away/in
            COPY file /up/copied
            """, context: "echo x > file")
        try site.check()
        #expect(try site.read("/outside/in") == "x")
        #expect(try site.read("/etc/copied") == "x")
        #expect(!FileManager.default.fileExists(atPath: "/outside"))
        try site.write("FROM base\nCOPY link /x", context: "ln -s /etc/passwd link")
        #expect(try site.build().errors.contains("the context does not have it"))
        try site.write("FROM base\nCOPY ../../../etc/passwd /x")
        #expect(try site.build().exitCode == 1)
    }

    @Test func `stages run side by side, and what is not needed does not run`() throws {
        let site = try BuildSite(
            """
            FROM base AS one
            RUN --mount=type=cache,target=/c touch /c/1; for n in $(seq 600); do [ -e /c/2 ] && touch /one && break; sleep 0.1; done
            FROM base AS two
            RUN --mount=type=cache,target=/c touch /c/2; for n in $(seq 600); do [ -e /c/1 ] && touch /two && break; sleep 0.1; done
            FROM base AS never
            RUN exit 9
            FROM base
            COPY --from=one /one /
            COPY --from=two /two /
            """)
        // Each of the two waits for the other.
        try site.check()
        let failed = try site.build("--target", "never")
        #expect(failed.exitCode == 1)
        #expect(failed.errors.contains("Dockerfile:6 'RUN exit 9'"))
        #expect(failed.errors.contains("exit code: 9"))
    }

    @Test func `triggers of a base image run in the build on top of it`() throws {
        let site = try BuildSite(
            "FROM base\nONBUILD COPY file /from-trigger\nONBUILD RUN echo ran > /ran")
        try site.kade.check("build", "-q", "-t", "parent", site.folder.at("context"))
        try site.write("FROM parent\nRUN cat /ran > /after", context: "echo x > file")
        try site.check()
        #expect(try site.read("/from-trigger") == "x")
        #expect(try site.read("/after") == "ran")
        #expect(
            try site.kade.check("image", "inspect", "-f", "{{json .Config.OnBuild}}", "made")
                == "null")
    }

    @Test func `files come with their parents, without what is excluded, and on their own`() throws
    {
        let site = try BuildSite(
            """
            FROM base
            COPY --parents ./d/./e/x **/*.txt /p/
            COPY --exclude=*.o --exclude=**/sub d /e/
            COPY --link --chmod=u=rw,go= d/e/x /linked/x
            """,
            context:
                "mkdir -p d/e/sub; echo x > d/e/x; echo o > d/a.o; echo t > d/t.txt; touch d/e/sub/y"
        )
        try site.check()
        let listed = try site.kade.check("run", "--rm", "made", "find", "/p", "/e", "/linked")
        #expect(
            listed.split(separator: "\n").sorted() == [
                "/e", "/e/e", "/e/e/x", "/e/t.txt", "/linked", "/linked/x", "/p", "/p/d",
                "/p/d/t.txt", "/p/e", "/p/e/x",
            ])
        #expect(
            try site.kade.check("run", "--rm", "made", "stat", "-c", "%a", "/linked/x") == "600")
        try site.write("FROM scratch\nCOPY --link d/e/x /linked/x", context: "true")
    }

    @Test func `an interrupted build leaves nothing`() throws {
        let site = try BuildSite("FROM base\nRUN echo begun; sleep 1000")
        let running = try site.kade.start(
            "build", "--progress", "plain", site.folder.at("context"))
        try site.kade.wait { running.errors.contains(" begun\n") }
        running.signal(SIGINT)
        let outcome = try running.wait()
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("the build was interrupted"))
        try site.kade.wait { try site.kade.leftovers().isEmpty }
        #expect(try Tool.check("ls", site.kade.root + "/containers").isEmpty)
    }

    @Test func `limits hold for RUN, and networks are as asked`() throws {
        let site = try BuildSite(
            """
            FROM base
            RUN ulimit -n > /files; ls /sys/class/net > /none; cat /etc/hosts > /hosts
            RUN --network=host ls /sys/class/net > /host
            """)
        try site.check(
            "--ulimit", "nofile=77:77", "--add-host", "there:10.1.2.3", "--allow", "network.host")
        #expect(try site.read("/files") == "77")
        #expect(try site.read("/none") == "lo")
        #expect(try site.read("/hosts").contains("10.1.2.3\tthere"))
        // Other tests make interfaces meanwhile.
        let found = try site.read("/host").split(separator: "\n").filter { !$0.hasPrefix("kt") }
        let host = try Tool.check("ls", "/sys/class/net").split(separator: "\n")
        #expect(found == host.filter { !$0.hasPrefix("kt") })
    }

    @Test(arguments: [
        ("FROM base\nRUN nosuch-program", "Dockerfile:2", "exit code: 127"),
        ("FROM base\nCOPY nosuch /", "Dockerfile:2", "the context does not have it"),
        ("FROM base\nCOPY hidden /", "Dockerfile:2", "excludes it"),
        ("FROM base\nCOPY *.nosuch /", "Dockerfile:2", "no source files were specified"),
        ("FROM base\nCOPY --chown=nobody-here file /", "Dockerfile:2", "unable to find user"),
        (
            "FROM base\nCOPY file /data/sub/\nCOPY file /data\nCOPY d /data/file/", "Dockerfile:4",
            "is no directory"
        ),
        ("FROM base\nRUN --security=other true", "Dockerfile:2", "is not valid"),
        ("FROM base\nADD https://127.0.0.1:1/x /", "Dockerfile:2", "cannot download"),
        ("FROM 127.0.0.1:1/no/such\nRUN true", "Dockerfile:1", "cannot pull"),
        ("FROM base\nUSER nobody-here\nRUN true", "Dockerfile:3", "unable to find user"),
    ])
    func `errors name the line and the reason`(
        dockerfile: String, place: String, why: String
    ) throws {
        let site = try BuildSite(
            dockerfile,
            context: "echo x > file; mkdir d; echo y > hidden; echo hidden > .dockerignore")
        let outcome = try site.build()
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(place), "\(outcome.errors)")
        #expect(outcome.errors.contains(why), "\(outcome.errors)")
        try site.kade.wait { try site.kade.leftovers().isEmpty }
    }

    @Test func `the Dockerfile may come from elsewhere, with an ignore file of its own`() throws {
        let site = try BuildSite(
            "FROM scratch",
            context: "echo a > a; echo b > b; mkdir sub; echo b > sub/other.dockerignore")
        let other = site.folder.at("context/sub/other")
        try site.folder.write("FROM base\nCOPY . /all/\n", to: "context/sub/other")
        try site.check("-f", other)
        #expect(try site.kade.check("run", "--rm", "made", "ls", "/all").contains("b") == true)
        let build = site.kade.commandLine([
            "build", "-q", "-t", "made", "-f", "-", site.folder.at("context"),
        ])
        let piped = try Tool.start(
            ["sh", "-c", "printf 'FROM base\\nCOPY a /a\\n' | \"$@\"", "sh"] + build
        ).wait()
        #expect(piped.exitCode == 0, "\(piped.errors)")
        #expect(piped.output.hasPrefix("sha256:"))
        #expect(try site.read("/a") == "a")
    }

    @Test func `the context may be an archive, and the result one, too`() throws {
        let site = try BuildSite("FROM base\nCOPY . /all/", context: "mkdir d; echo x > d/x")
        let result = site.folder.at("result.tar")
        let build = site.kade.commandLine(["build", "-o", "type=tar,dest=\(result)", "-"])
        let piped = try Tool.start(
            ["sh", "-c", "tar -C \"$0\" -cz . | \"$@\"", site.folder.at("context")] + build
        ).wait()
        #expect(piped.exitCode == 0, "\(piped.errors)")
        #expect(try Tool.check("tar", "-xOf", result, "all/d/x") == "x\n")
        #expect(try Tool.check("ls", site.kade.root + "/build/scratch").isEmpty)
        for (type, transport) in [("oci", "oci-archive"), ("docker", "docker-archive")] {
            let file = site.folder.at(type)
            try site.check("-o", "type=\(type),dest=\(file)")
            let description = try Tool.check("skopeo", "inspect", "\(transport):\(file)")
            #expect(description.contains("\"Layers\""))
        }
    }

    @Test func `files of the web are added, with a checksum where one is given`() throws {
        let site = try BuildSite("FROM base", context: "mkdir www; echo web > www/f.txt")
        let port = try ReservedPort()
        let address = "http://\(port.authority)/f.txt"
        let server = try Tool.start([
            "busybox", "httpd", "-f", "-p", port.authority, "-h",
            site.folder.at("context/www"),
        ])
        defer {
            withExtendedLifetime(port) {}
            server.signal(SIGKILL)  // it has the signals of the test's thread blocked
            server.process.waitUntilExit()
        }
        try site.kade.wait {
            try Tool.run("busybox", "wget", "-q", "-O", "/dev/null", address).exitCode == 0
        }
        let file = site.folder.at("context/www/f.txt")
        let checksum = try Tool.check("sha256sum", file).prefix(64)
        let dockerfile = "FROM base\nADD \(address) /d/\nADD --checksum=sha256:"
        try site.write(dockerfile + "\(checksum) \(address) /e")
        try site.check()
        #expect(try site.read("/d/f.txt") == "web")
        #expect(try site.read("/e") == "web")
        #expect(try site.check().components(separatedBy: "CACHED").count == 3)
        try site.write(dockerfile + String(repeating: "0", count: 64) + " \(address) /e")
        let wrong = try site.build()
        #expect(wrong.exitCode == 1)
        #expect(wrong.errors.contains("digest mismatch"))
        try site.write("FROM base\nADD http://\(port.authority)/nosuch /d/")
        #expect(try site.build().errors.contains("the server answers 404"))
    }
}
