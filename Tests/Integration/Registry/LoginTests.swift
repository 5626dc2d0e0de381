import Foundation
import Testing

/// `kade login` and `kade logout`, with files and helpers that other tools read.
@Suite struct LoginTests {
    let folder: TemporaryFolder
    let kade: Kade

    init() throws {
        folder = try TemporaryFolder()
        kade = try Kade()
    }

    private var environment: [String: String] {
        [
            "HOME": folder.path, "DOCKER_CONFIG": folder.at("docker"), "XDG_RUNTIME_DIR": "",
            "REGISTRY_AUTH_FILE": "",
            "PATH": folder.at("bin") + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
        ]
    }

    private func run(_ arguments: String...) throws -> Tool.Outcome {
        try Tool.start(kade.commandLine(arguments), environment: environment).wait()
    }

    /// Logs in with the right password on standard input.
    private func logIn(_ registry: TestRegistry, _ flags: String...) throws -> Tool.Outcome {
        let command =
            ["login", "-u", TestRegistry.user, "--password-stdin"] + flags + [registry.authority]
        return try Tool.start(
            ["sh", "-c", "echo \"$0\" | \"$@\"", TestRegistry.password]
                + kade.commandLine(command), environment: environment
        ).wait()
    }

    private func configuration() throws -> [String: Any] {
        let data = Data(try folder.text("docker/config.json").utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func `a password is verified, kept, used and removed`() throws {
        let registry = try TestRegistry(withPassword: true)
        try folder.write(
            #"{"auths": {"x.example": {"auth": "YTpi"}}, "mine": [1.50]}"#, to: "real.json")
        try folder.write("", to: "docker/none")
        try FileManager.default.createSymbolicLink(
            atPath: folder.at("docker/config.json"), withDestinationPath: "../real.json")

        let wrong = try run(
            "login", "-u", TestRegistry.user, "-p", "wrong", registry.authority)
        #expect(wrong.exitCode == 1)
        #expect(wrong.errors.contains("does not accept the user name and the password"))
        #expect(wrong.errors.contains("--password via the CLI is insecure"))
        #expect(
            try configuration()["auths"] as? [String: [String: String]] == [
                "x.example": ["auth": "YTpi"]
            ])

        let right = try logIn(registry)
        #expect(right.exitCode == 0, "\(right.errors)")
        #expect(right.output == "Login Succeeded\n")
        #expect(right.errors.contains("stored unencrypted in '\(folder.at("docker/config.json"))'"))
        #expect(try folder.text("real.json").contains("1.50"))
        #expect(try Tool.check("stat", "-c", "%a", folder.at("real.json")) == "600\n")
        let auths = try #require(try configuration()["auths"] as? [String: [String: String]])
        #expect(Set(auths.keys) == ["x.example", registry.authority])

        let again = try run("login", registry.authority)
        #expect(again.output.contains("existing credentials... [Username: kade]"))
        let tags = try Tool.run(
            "skopeo", "list-tags", "--tls-verify=false", "--authfile", folder.at("real.json"),
            "docker://\(registry.authority)/none")
        #expect(tags.errors.contains("404 (Not Found)"))

        #expect(try run("logout", registry.authority).output.hasPrefix("Removing login"))
        #expect(try run("logout", registry.authority).output.hasPrefix("Not logged in"))
        #expect((try configuration()["auths"] as? [String: Any])?.count == 1)
        #expect(try configuration()["mine"] != nil)
        #expect(try run("login", registry.authority).errors.contains("non TTY device"))
    }

    @Test func `Podman's file is written and read`() throws {
        let registry = try TestRegistry(withPassword: true)
        let file = folder.at("auth.json")
        #expect(try logIn(registry, "--authfile", file).exitCode == 0)
        #expect(
            try Tool.check("podman", "login", "--get-login", "--authfile", file, registry.authority)
                == "kade\n")
        let tags = try Tool.run(
            "skopeo", "list-tags", "--tls-verify=false", "--authfile", file,
            "docker://\(registry.authority)/none")
        #expect(tags.errors.contains("404 (Not Found)"))
        let pull = try run("pull", "--authfile", file, "\(registry.authority)/none:1")
        #expect(pull.errors.contains("NAME_UNKNOWN") || pull.errors.contains("MANIFEST_UNKNOWN"))
        #expect(try run("logout", "--authfile", file, registry.authority).exitCode == 0)
        #expect(try run("pull", "--authfile", file, "\(registry.authority)/none:1").exitCode == 1)
    }

    @Test(arguments: [#""credsStore": "test""#, #""credHelpers": {"REGISTRY": "test"}"#])
    func `a helper keeps the password where the configuration names one`(member: String) throws {
        let registry = try TestRegistry(withPassword: true)
        try folder.write(
            "{\(member.replacingOccurrences(of: "REGISTRY", with: registry.authority))}",
            to: "docker/config.json")
        try folder.write(
            """
            #!/bin/sh
            file="\(folder.at("kept"))"
            case $1 in
                store) cat > "$file" ;;
                get) cat "$file" 2> /dev/null || { echo credentials not found in native keychain; exit 1; } ;;
                erase) rm "$file" ;;
            esac
            """, to: "bin/docker-credential-test")
        try Tool.check("chmod", "+x", folder.at("bin/docker-credential-test"))
        let login = try logIn(registry)
        #expect(login.exitCode == 0, "\(login.errors)")
        #expect(!login.errors.contains("unencrypted"))
        #expect(try folder.text("kept").contains(#""Secret":"\#(TestRegistry.password)""#))
        #expect(try !folder.text("docker/config.json").contains("auth\""))
        #expect(try run("login", registry.authority).output.contains("Username: kade"))
        #expect(try run("logout", registry.authority).exitCode == 0)
        #expect(!FileManager.default.fileExists(atPath: folder.at("kept")))
    }

    @Test func `a lasting token of the token server is kept in the password's place`() throws {
        let server = try ReceivingRegistry(.token)
        let wrong = try run("login", "-u", "kade", "-p", "wrong", server.authority)
        #expect(wrong.exitCode == 1)
        #expect(wrong.errors.contains("does not accept"))
        let login = try run("login", "-u", "kade", "-p", "right", server.authority)
        #expect(login.exitCode == 0, "\(login.errors)")
        let auths = try #require(try configuration()["auths"] as? [String: [String: String]])
        #expect(auths[server.authority]?["identitytoken"] == "identity")
        #expect(try run("login", server.authority).output.contains("Login Succeeded"))
    }

    @Test func `a person is asked at the terminal, and the password is not shown`() throws {
        let registry = try TestRegistry(withPassword: true)
        let outcome = try Tool.terminal(
            [
                TerminalStep("Username: ", TestRegistry.user + "\\n"),
                TerminalStep("Password: ", "x\\x15" + TestRegistry.password + "y\\x7f\\r"),
            ], kade.commandLine(["login", registry.authority]), environment: environment)
        #expect(outcome.exitCode == 0, "\(outcome.output)")
        #expect(outcome.output.contains("Login Succeeded"))
        #expect(!outcome.output.contains("s3cret"))
        try kade.check("version")
    }

    @Test func `flags that contradict each other are refused`() throws {
        let both = try run("login", "-u", "a", "-p", "b", "--password-stdin", "r.example")
        #expect(both.errors.contains("mutually exclusive"))
        let nobody = try run("login", "--password-stdin", "r.example")
        #expect(nobody.errors.contains("Must provide --username"))
        #expect(try run("login", "-u", "a", "-p", "b", "no host!").exitCode == 1)
    }
}
