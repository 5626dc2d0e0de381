import Foundation
import Testing

/// The completion scripts in the shells that they are for.
@Suite struct CompletionTests {
    let kade: Kade

    init() throws {
        kade = try Kade.withBusybox()
        try kade.check("create", "--name", "fresh", "busybox", "true")
        for shell in ["bash", "zsh", "fish"] {
            try kade.folder.write(try kade.check("completion", shell) + "\n", to: "kade.\(shell)")
        }
        try kade.folder.write("", to: "files/environment-file")
        // The programs of a shell are found by name.
        try kade.folder.write("", to: "bin/.keep")
        try FileManager.default.createSymbolicLink(
            atPath: kade.folder.at("bin/kade"), withDestinationPath: BuiltProgram.path("kade"))
    }

    private var environment: [String: String] {
        [
            "PATH": "\(kade.folder.at("bin")):/usr/local/bin:/usr/bin:/bin",
            "KADE_ROOT": kade.root, "KADE_RUNROOT": kade.runRoot, "HOME": kade.folder.path,
            "TERM": "dumb", "PS1": "# ",
        ]
    }

    /// What is typed before the tabulator, and what the line is then.
    private static let lines = [
        ("kade unp", "kade unpause "), ("kade container pru", "kade container prune "),
        ("kade run --memory-swapp", "kade run --memory-swappiness "),
        ("kade rm fr", "kade rm fresh "), ("kade run busybox:la", "kade run busybox:latest "),
        ("kade completion zs", "kade completion zsh "),
        ("kade run --env-file files/envi", "kade run --env-file files/environment-file "),
        ("kade run --env-file=files/envi", "kade run --env-file=files/environment-file "),
        ("kade --debug image ins", "kade --debug image inspect "),
    ]

    /// Types each line and a tabulator, and makes the line a comment then.
    private func complete(in shell: [String], setup: String) throws {
        for (typed, whole) in Self.lines {
            let outcome = try Tool.terminal(
                [
                    TerminalStep("# ", "cd \(kade.folder.path); \(setup)\\n"),
                    TerminalStep("# ", "\(typed)\\t"),
                    TerminalStep(String(whole.dropFirst(typed.count)), "\\x01: \\n"),
                    TerminalStep("# ", "exit\\n"),
                ], kade.entry + shell, environment: environment)
            #expect(!outcome.output.contains("waited in vain"), "\(typed): \(outcome.output)")
        }
    }

    @Test(.enabled(if: isInstalled("bash"))) func `bash completes`() throws {
        try complete(
            in: ["/bin/bash", "--norc", "--noprofile", "-i"],
            setup: ". /usr/share/bash-completion/bash_completion; . ./kade.bash")
    }

    @Test(.enabled(if: isInstalled("zsh"))) func `zsh completes`() throws {
        try complete(
            in: ["/usr/bin/zsh", "-f", "-i"],
            setup: "autoload -U compinit; compinit -u -D; . ./kade.zsh; unsetopt prompt_sp")
    }

    @Test(.enabled(if: isInstalled("fish"))) func `fish completes`() throws {
        for (typed, whole) in Self.lines {
            let script =
                "cd \(kade.folder.path) && fish -N -c \"source kade.fish; complete -C '\(typed)'\""
            let candidates = try Tool.check(
                kade.entry + ["sh", "-c", script], environment: environment)
            let word = whole.split(separator: " ").last ?? ""
            let first = candidates.split(separator: "\n").first?.split(separator: "\t").first
            #expect(first == word, "\(typed): \(candidates)")
        }
    }

    @Test func `names come from the directory that is typed`() throws {
        var elsewhere = environment
        elsewhere["KADE_ROOT"] = nil
        elsewhere["KADE_RUNROOT"] = nil
        let candidates = try Tool.check(
            kade.entry + [
                BuiltProgram.path("kade"), "__complete", "--", "--root", kade.root, "--runroot",
                kade.runRoot, "start", "",
            ], environment: elsewhere)
        #expect(candidates == "fresh\n")
    }

    @Test func `bash without its package bash-completion completes as well`() throws {
        let outcome = try Tool.terminal(
            [
                TerminalStep("# ", ". \(kade.folder.at("kade.bash"))\\n"),
                TerminalStep("# ", "kade unp\\t"), TerminalStep("ause ", "\\x01: \\n"),
                TerminalStep("# ", "exit\\n"),
            ], ["/bin/bash", "--norc", "--noprofile", "-i"], environment: environment)
        #expect(!outcome.output.contains("waited in vain"), "\(outcome.output)")
    }
}

/// Whether a program is in the search path.
private func isInstalled(_ program: String) -> Bool {
    (try? Tool.run("which", program).exitCode) == 0
}
