import Foundation
import Testing

/// `kade explain --shell` of an ordinary user, who can run the script.
@Suite(.enabled(if: isRoot)) struct ExplainShellUserTests {
    private let namespace: NetworkNamespace
    private let other: NetworkNamespace
    private let kade: Kade
    private var trial: ShellTrial { ShellTrial(kade: kade, namespace: namespace) }

    init() throws {
        other = try NetworkNamespace()
        namespace = try .routed(by: other)
        kade = try Kade.withBusybox(in: namespace, as: TestUser())
    }

    /// Their names are none of ``ShellCase/all``: what those leave is looked for on all the machine.
    private static let cases = [
        ShellCase("alone", "--network", "none"),
        ShellCase(
            "carried", "-p", "8080:80", "-v", "FOLDER/a b:/data:ro", "-v", "stored:/t",
            state: .running),
        ShellCase(
            "unwritten", "--network", "none", "--read-only", "--tmpfs", "/t:size=1m", "--user",
            "1000:1001", "--workdir", "/home/ann/new", "--hostname", "harbour", "--cap-drop",
            "CHOWN", "--ulimit", "nofile=500:600"),
        ShellCase("hosts", "--network", "host", "--pid", "host"),
        ShellCase(
            "kept", "--userns", "keep-id", "--network", "none", "-v", "FOLDER/a b:/data"),
        ShellCase("unmapped", "--userns", "nomap"),
        ShellCase(
            "parts", "--uidmap", "0:1:1000", "--uidmap", "1000:3001:2000", "--gidmap",
            "0:1:3000", "--network", "none", "--user", "1000:1001"),
    ]

    @Test(arguments: cases)
    func `the user's script builds the same container`(test: ShellCase) throws {
        try Tool.check("mkdir", "-p", kade.folder.at("files/a b"))
        try Tool.check("chown", "-R", "\(TestUser.id)", kade.folder.at("files"))
        let flags = test.flags.map {
            $0.replacingOccurrences(of: "FOLDER", with: kade.folder.at("files"))
        }
        try trial.compare(test, flags: flags) {
            guard test.name == "carried" else { return }
            let listening = try namespace.check("ss -tln")
            #expect(listening.contains(":8080 ") && listening.contains(":28080 "), "\(listening)")
        }
    }

    @Test func `nothing is left where its user namespace is refused at last`() throws {
        try kade.check("create", "--name", "one", "busybox", "true")
        let path = try trial.script(of: "one")
        // The question whether there may be one is answered with yes.
        try kade.folder.write("#!/bin/sh\n[ \"$2\" = true ]\n", to: "unshare")
        try Tool.check("chmod", "755", kade.folder.at("unshare"))
        let outcome = try Tool.start(
            kade.entry + [
                "env", "TMPDIR=\(kade.folder.path)", "PATH=\(kade.folder.path):/usr/bin:/bin", "sh",
                path,
            ]
        ).wait()
        #expect(outcome.exitCode == 1, "\(outcome)")
        try trial.checkNothingIsLeft(of: "one")
    }

    @Test func `nobody else can run it`() throws {
        try kade.check("create", "--name", "one", "busybox", "true")
        let path = try trial.script(of: "one")
        let outcome = try Tool.run("sh", path)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("only user \(TestUser.id) may do this"), "\(outcome)")
    }
}
