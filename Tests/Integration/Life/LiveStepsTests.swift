import Foundation
import Testing

/// The steps of a start and of a pull, as `kade run --explain` shows them while they are made.
@Suite(.enabled(if: isRoot)) struct LiveStepsTests {
    let kade: Kade
    let folder: TemporaryFolder

    /// Two devices whose hooks wait until there is the file `open`; that of `failing` fails then.
    init() throws {
        folder = try TemporaryFolder()
        kade = try Kade.withBusybox(
            environment: ["KADE_CDI_SPEC_DIRS": folder.at("cdi"), "KADE_LAZY_START": "off"])
        let wait = "until test -e \(folder.at("open")); do sleep 0.02; done"
        try folder.write(
            """
            cdiVersion: 0.8.0
            kind: vendor.com/gate
            devices:
            - name: waiting
              containerEdits:
                hooks:
                - hookName: createRuntime
                  path: /bin/sh
                  args: [sh, -c, "\(wait)"]
            - name: failing
              containerEdits:
                hooks:
                - hookName: createContainer
                  path: /bin/sh
                  args: [sh, -c, "\(wait); exit 3"]
            """, to: "cdi/vendor.yaml")
    }

    /// The rows of a list, without those above them.
    private func rows(of title: String, in text: String) -> [[Substring]] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0 == title }) else { return [] }
        return lines[(start + 1)...].prefix { !$0.isEmpty && !$0.contains(" steps in ") }
            .map { $0.split(separator: " ") }
            .filter { $0.first.flatMap { Int($0) } != nil }
    }

    /// The rows' numbers; one that comes again, with its time, is left out there.
    private func numbers(of rows: [[Substring]]) -> [Int] {
        var numbers: [Int] = []
        for number in rows.compactMap({ $0.first.flatMap { Int($0) } })
        where !numbers.contains(number) {
            numbers.append(number)
        }
        return numbers
    }

    @Test func `steps are shown while a later one hangs, and the rest when it is done`() throws {
        let run = try kade.start(
            "run", "--explain", "--name", "one", "--device", "vendor.com/gate=waiting", "busybox",
            "echo", "hi")
        try kade.wait { run.errors.contains("hooks.createRuntime") }
        let before = run.errors
        #expect(before.contains("mount -t overlay"), "\(before)")
        #expect(before.contains("mount -t proc"), "\(before)")
        #expect(!before.contains("setpriv --reuid") && !before.contains(" steps in "), "\(before)")
        #expect(run.output.isEmpty)
        let shown = numbers(of: rows(of: "The start of one", in: before))
        #expect(!shown.isEmpty && shown == Array(1..<(shown.count + 1)))

        try folder.write("", to: "open")
        let outcome = try run.wait()

        #expect(outcome.exitCode == 0 && outcome.output == "hi\n", "\(outcome)")
        let all = rows(of: "The start of one", in: outcome.errors)
        let count = numbers(of: all).count
        #expect(numbers(of: all) == Array(1..<(count + 1)), "\(outcome.errors)")
        #expect(count > shown.count)
        // The one that took its time has it at last.
        let hook = try #require(all.last { $0.contains("hooks.createRuntime") })
        #expect(hook.last.flatMap { Int($0) } != nil, "\(hook)")
        #expect(outcome.errors.contains(" steps in "))
        let recorded = try kade.check("explain", "--steps", "--json", "one")
        #expect(recorded.split(separator: "\n").count == count)
        // The container's making has numbers of its own.
        #expect(numbers(of: rows(of: "The making of one", in: outcome.errors)).first == 1)
    }

    @Test func `the step that fails is the last one, with its number in explain --last`() throws {
        let run = try kade.start(
            "run", "--explain", "--name", "one", "--device", "vendor.com/gate=failing", "busybox",
            "true")
        try kade.wait { run.errors.contains("hooks.createContainer") }
        #expect(!run.errors.contains("[failed"))
        try folder.write("", to: "open")
        let outcome = try run.wait()
        #expect(outcome.exitCode != 0, "\(outcome)")
        let last = try #require(rows(of: "The start of one", in: outcome.errors).last)
        #expect(last.contains("hooks.createContainer") && last.contains("[failed:"), "\(outcome)")
        let text = try kade.check("explain", "--last", "--json")
        let failure = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let step = try #require(
            (failure?["steps"] as? [[String: Any]])?.first {
                $0["spec"] as? String == "hooks.createContainer"
            })
        #expect(step["outcome"] as? String == "failed")
        #expect(last.first.flatMap { Int($0) } == step["number"] as? Int, "\(outcome.errors)")
    }

    @Test func `a program that cannot be executed is the last step`() throws {
        try folder.write("#!/no/such/program\n", to: "script")
        try Tool.check("chmod", "755", folder.at("script"))
        let outcome = try kade.call([
            "run", "--explain", "--name", "one", "-v", "\(folder.at("script")):/script", "busybox",
            "/script",
        ])
        let last = try #require(rows(of: "The start of one", in: outcome.errors).last)
        #expect(last.contains("process.args") && last.contains("[failed:"), "\(outcome)")
    }

    @Test func `who leaves while a step hangs ends the start`() throws {
        // A thread of the tests may block the signal, and what it starts would do so, too.
        let unblocked = """
            import os, signal, sys
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execvp(sys.argv[1], sys.argv[1:])
            """
        let run = try Tool.start(
            ["python3", "-c", unblocked]
                + kade.commandLine([
                    "run", "--rm", "--explain", "--device", "vendor.com/gate=waiting", "busybox",
                    "true",
                ]), environment: kade.environment)
        try kade.wait { run.errors.contains("hooks.createRuntime") }
        run.signal(SIGTERM)
        #expect(try run.wait().exitCode == 128 + SIGTERM)
        // The hook's command line has the folder, as the monitor's has.
        try kade.wait {
            try kade.check("ps", "-aq").isEmpty && kade.leftovers().isEmpty
                && Tool.run("pgrep", "-f", folder.at("open")).exitCode == 1
        }
    }

    @Test func `a pull's steps name manifest, configuration and each layer`() throws {
        for tree in ["base", "top"] {
            try TestImages.tree(in: folder, named: tree, sizeInBytes: 100_000)
        }
        let images = try TestImages()
        let manifest = try images.add(
            TestImages.Image(trees: [folder.at("base"), folder.at("top")]), as: "it")
        let index = try images.addIndex(of: [manifest], as: "all")
        let registry = try TestRegistry()
        try registry.push(images, "all", to: "team/app:1")
        let reference = "\(registry.authority)/team/app:1"
        let outcome = try kade.call(["run", "--rm", "--explain", reference, "sh", "-c", ":"])
        #expect(outcome.exitCode == 0, "\(outcome)")
        let lines = outcome.errors.split(separator: "\n")
        func row(_ what: String, _ digest: String) throws -> Substring {
            let short = "\(what) sha256:\(digest.dropFirst("sha256:".count).prefix(12))…"
            let row = lines.first { $0.contains(short) && $0.contains(" bytes ") }
            return try #require(row, "\(short) is not in \(outcome.errors)")
        }
        _ = try row("index", index.digest)
        _ = try row("manifest", manifest.digest)
        for layer in manifest.layers {
            let fields = try row("layer", layer).split(separator: " ")
            #expect(fields.contains("layers") && fields.contains("engine"), "\(fields)")
        }
        #expect(manifest.layers.count == 2)
        #expect(lines.contains { $0.contains("configuration sha256:") && $0.contains(" config ") })
        let pulled = numbers(of: rows(of: "The pull of \(reference)", in: outcome.errors))
        #expect(pulled == Array(1...6), "\(outcome.errors)")
        // What is not there is a step that failed.
        let wrong = try kade.call(["run", "--rm", "--explain", "\(reference)0", "true"])
        let failed = rows(of: "The pull of \(reference)0", in: wrong.errors).last
        #expect(failed?.contains("[failed:") == true, "\(wrong)")
    }
}
