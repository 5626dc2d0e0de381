import Testing

/// Files that commands are told to read, and that are not there.
@Suite struct MissingFileTests {
    @Test(arguments: [
        "load -i none.tar", "import none.tar", "pull oci-archive:./none.tar",
        "volume import data none.tar", "secret create word none.txt", "bake -f none.hcl",
        "run --env-file none.env busybox true", "build --source-policy-file none.json .",
        "build --build-arg-file none.args .",
    ])
    func `where a file was looked for is said`(command: String) throws {
        let kade = try Kade()
        try kade.check("volume", "create", "data")
        try kade.folder.write("FROM scratch\nCOPY Dockerfile /\n", to: "Dockerfile")
        let outcome = try Tool.start(
            kade.commandLine(in: kade.folder.path, command.split(separator: " ").map(String.init)),
            environment: kade.environment
        ).wait()
        #expect(outcome.exitCode != 0)
        #expect(
            outcome.errors.contains(
                "No such file or directory\n"
                    + "      the path is one of this machine, from the current directory on\n"),
            "\(outcome.errors)")
    }

    @Test func `what is not there for a copy can be looked for`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "box", "busybox", "true")
        for (source, target, fix) in [
            ("box:/etc/none", kade.folder.path, "kade cp box:/etc - | tar -t"),
            (kade.folder.at("none"), "box:/", "ls \(kade.folder.path)"),
            (kade.folder.path, "box:/none/x", "kade exec box mkdir -p /none"),
            ("box:/etc", kade.folder.at("none/x"), "mkdir -p \(kade.folder.at("none"))"),
        ] {
            let outcome = try kade("cp", source, target)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("Could not find the file"), "\(outcome.errors)")
            #expect(outcome.errors.contains(": \(fix)\n"), "\(outcome.errors)")
        }
    }
}
