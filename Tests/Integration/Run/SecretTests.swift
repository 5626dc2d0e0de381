import Foundation
import Testing

/// `kade secret` and `kade run --secret`.
@Suite struct SecretTests {
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        kade = try Kade.withBusybox(environment: ["FROM_HERE": "of the environment"])
        folder = try TemporaryFolder()
        try folder.write("geheim", to: "file")
    }

    @Test func `a secret is kept for its owner alone, listed, and never shown`() throws {
        let id = try kade.check("secret", "create", "--label", "a=b", "db", folder.at("file"))
        #expect(id.utf8.count == 25)
        let path = "\(kade.root)/secrets/\(id)"
        let owner = kade.user == nil ? 0 : TestUser.id
        #expect(try Tool.check("stat", "-c", "%a %u", path) == "600 \(owner)\n")
        #expect(
            try kade.check("secret", "ls", "--format", "{{.ID}} {{.Name}} {{.Driver}}")
                == "\(id) db file")
        #expect(try kade.check("secret", "ls", "-q", "-f", "label=a", "-f", "name=d") == id)
        #expect(try kade.check("secret", "ls", "-q", "-f", "name=x").isEmpty)
        let shown = try kade.check("secret", "inspect", "db")
        #expect(shown.contains("\"a\": \"b\"") && !shown.contains("geheim"))
        let pretty = try kade.check("secret", "inspect", "--pretty", "db").split(separator: "\n")
        #expect(
            pretty.prefix(5) == [
                "ID:                \(id)", "Name:              db", "Labels:", " - a=b",
                "Driver:            file",
            ])
        #expect(
            pretty.count == 7 && pretty[5].hasPrefix("Created at:        20")
                && pretty[6].hasPrefix("Updated at:        20") && pretty[6].hasSuffix(" +0000 UTC")
        )
        #expect(try kade("secret", "inspect", "--pretty", "-f", "json", "db").exitCode == 1)
        #expect(
            try kade("secret", "create", "db", folder.at("file")).errors.contains("name in use"))
        let other = try kade.check("secret", "create", "--env", "--replace", "db", "FROM_HERE")
        #expect(other != id)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try kade.check("secret", "rm", String(other.prefix(8))) == other)
        #expect(try kade("secret", "rm", "db").exitCode == 1)
        #expect(try kade("secret", "inspect", "db").output == "[]\n")
    }

    @Test func `a container gets it in memory, and neither its image nor its layer`() throws {
        try kade.check("secret", "create", "db", folder.at("file"))
        let outcome = try kade.shell(
            "cat /run/secrets/db /key; stat -c '%a %u:%g' /run/secrets/db /key; echo x > /key; "
                + "echo $VAR; grep -c ' /key tmpfs ' /proc/mounts",
            "--secret", "db", "--secret", "db,target=/key,mode=0400,uid=3,gid=4", "--secret",
            "db,type=env,target=VAR")
        #expect(
            outcome.output == "geheimgeheim444 0:0\n400 3:4\ngeheim\n1\n", "\(outcome)")
        #expect(outcome.errors.contains("Read-only"))
        try kade.check(
            "create", "--name", "one", "--secret", "db", "busybox", "cat", "/run/secrets/db")
        #expect(try !kade.check("inspect", "one").contains("geheim"))
        let busy = try kade("secret", "rm", "db")
        #expect(busy.exitCode == 1)
        #expect(busy.errors.contains("in use by the following containers: one"), "\(busy)")
        #expect(try kade.check("start", "-a", "one") == "geheim")
        let upper = try Tool.check(
            "sh", "-c", "grep -rl geheim $1/containers/*/upper || true", "sh", kade.root)
        #expect(upper.isEmpty)
        try kade.check("commit", "one", "image")
        #expect(try kade.shell("cat /run/secrets/db", "-e", "X=1").output.isEmpty)
        let committed = try kade("run", "--rm", "image", "cat", "/run/secrets/db")
        #expect(committed.output.isEmpty)
        try kade.check("rm", "one")
        try kade.check("secret", "rm", "db")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `no explanation shows what a variable has from a secret`() throws {
        try kade.check("secret", "create", "db", folder.at("file"))
        let flags = ["--secret", "db,type=env,target=VAR", "-e", "VAR=other", "-e", "OWN=mine"]
        let plan = try kade.call(["run", "--plan"] + flags + ["busybox", "true"])
        #expect(plan.exitCode == 0 && !plan.output.contains("geheim"), "\(plan)")
        try kade.call(["create", "--name", "one"] + flags + ["busybox", "sleep", "600"])
        try kade.check("create", "--name", "two", "busybox", "sleep", "600")
        for isStarted in [false, true] {
            if isStarted { try kade.check("start", "one") }
            for arguments in [
                ["one"], ["--json", "one"], ["--steps", "--no-trunc", "one"],
                ["--only", "process,mounts,steps", "one"], ["--diff", "one", "two"],
                ["--shell", "one"],
                ["--diff", "--json", "two", "one"],
            ] {
                let shown = try kade.call(["explain"] + arguments)
                #expect(shown.exitCode == 0, "\(shown)")
                #expect(!(shown.output + shown.errors).contains("geheim"), "\(shown)")
            }
            let lines = try #require(try ExplainTests.explain("one", by: kade)["process"])
            let variables = lines.filter { $0.name == "$VAR" }
            #expect(variables.map(\.declared) == ["from secret db"])
            #expect(variables.map(\.origin) == ["--secret db,type=env"])
            #expect(variables.map(\.command) == ["kade secret inspect db"])
            #expect(lines.first { $0.name == "$OWN" }?.declared == "mine")
        }
        #expect(try kade.check("exec", "one", "sh", "-c", "printf %s \"$VAR\"") == "geheim")
        try kade.check("rm", "-f", "one", "two")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `what cannot be is refused`() throws {
        try folder.write("", to: "empty")
        for arguments in [
            ["secret", "create", "a/b", folder.at("file")], ["secret", "create", "db"],
            ["secret", "create", "db", folder.at("empty")], ["secret", "create", "db", "/nowhere"],
            ["secret", "create", "--env", "db", "NOT_SET"],
            ["secret", "create", "db", "/dev/zero"],
            ["run", "--rm", "--secret", "none", "busybox", "true"],
        ] {
            let outcome = try kade.call(arguments)
            #expect([1, 125].contains(outcome.exitCode), "\(arguments): \(outcome)")
            #expect(!outcome.errors.isEmpty)
        }
        #expect(try kade.check("secret", "ls", "-q").isEmpty)
        #expect(try kade.check("ps", "-aq").isEmpty)
    }
}
