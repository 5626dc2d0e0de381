import Diagnostics
import Engine
import Testing

@testable import cli

@Suite struct StepTableTests {
    private let steps = [
        StepRecord(
            explanation: Explanation(
                shell: "mount -t proc proc /proc", why: "processes see themselves", spec: "mounts"),
            actor: .`init`, startInMicroseconds: 10, durationInMicroseconds: 44, outcome: .done),
        StepRecord(
            explanation: Explanation(shell: "echo 1 > x", why: "a limit", spec: "linux.x"),
            actor: .runtime, startInMicroseconds: 60, durationInMicroseconds: 1340,
            outcome: .warned("no such file")),
    ]

    @Test func `steps are numbered and timed`() {
        let lines = StepTable.text(of: steps, isTruncated: true).split(separator: "\n")
            .map { line in line.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "# WHO µs WHAT WHY ASKED BY",
                "1 init 44 mount -t proc proc /proc processes see themselves mounts",
                "2 runtime 1340 echo 1 > x [warning: no such file] a limit linux.x",
                "2 steps in 1.38 ms",
            ])
    }

    @Test func `what went wrong is not cut with a long command`() {
        var step = steps[1]
        step.explanation.shell = "echo " + String(repeating: "1", count: 99)
        #expect(
            StepTable.text(of: [step], isTruncated: true).contains("1…  [warning: no such file]"))
    }

    @Test func `long IDs are cut where columns are`() {
        let id = String(repeating: "0123456789abcdef", count: 4)
        var step = steps[0]
        step.explanation.shell = "mkdir /kade/\(id)/x"
        #expect(
            StepTable.text(of: [step], isTruncated: true).contains("mkdir /kade/0123456789ab…/x "))
        #expect(StepTable.text(of: [step], isTruncated: false).contains("/kade/\(id)/x "))
    }

    @Test func `json has one object a step`() {
        let lines = StepTable.json(of: steps).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines[1] == """
                {"number":2,"actor":"runtime","shell":"echo 1 > x","why":"a limit","spec":"linux.x",\
                "startInMicroseconds":60,"durationInMicroseconds":1340,"outcome":"warned",\
                "note":"no such file"}
                """)
    }
}

@Suite struct ProblemTextTests {
    private let problem = Problem(
        kind: .conflict, what: "cannot start web", why: "it runs already", fix: "stop it",
        cause: Problem(kind: .bug, what: "inner", why: "reason"))

    @Test func `what, why and fix`() {
        #expect(
            ProblemText.text(of: problem, level: .info)
                == "kade: cannot start web: it runs already\n      stop it\n")
    }

    @Test func `causes are shown to whoever debugs`() {
        #expect(
            ProblemText.text(of: problem, level: .debug)
                == "kade: cannot start web: it runs already\n      stop it\n"
                + "      cause: inner: reason\n")
    }

    @Test func `kinds have Docker's codes where a program starts`() {
        let missing = Problem(kind: .commandNotFound, what: "", why: "")
        let forbidden = Problem(kind: .commandNotExecutable, what: "", why: "")
        #expect(RunCommand.code(for: missing).rawValue == 127)
        #expect(ExecCommand.code(for: forbidden).rawValue == 126)
        #expect(StartCommand.code(for: problem).rawValue == 125)
        #expect(StopCommand.code(for: problem).rawValue == 1)
    }
}

@Suite struct CompletionTests {
    @Test func `commands, groups and flags`() {
        guard case .words(let top) = Completion(words: ["im"]).answer else {
            Issue.record("no words")
            return
        }
        #expect(top.contains("images") && top.contains("image") && !top.contains("__complete"))
        #expect(
            Completion(words: ["image", ""]).answer
                == .words(
                    [
                        "attestations", "build", "diff", "exists", "history", "import", "inspect",
                        "load", "ls", "mount", "prune", "pull", "push", "rm", "save", "search",
                        "tag", "tree", "unmount", "untag",
                    ]))
        guard case .words(let flags) = Completion(words: ["run", "--r", "--"]).answer else {
            Issue.record("no words")
            return
        }
        #expect(flags.contains("--rm") && !flags.contains("--link-local-ip"))
    }

    @Test func `names and files`() {
        #expect(Completion(words: ["run", "-it", "--name", "x", ""]).answer == .names(.images))
        #expect(Completion(words: ["stop", ""]).answer == .names(.runningContainers))
        #expect(Completion(words: ["run", "alpine", ""]).answer == .files)
        let elsewhere = Completion(words: ["--root", "/x", "rm", ""])
        #expect(elsewhere.answer == .names(.containers))
        #expect(elsewhere.globalWords == ["--root", "/x"])
        #expect(Completion(words: ["load", "-i", ""]).answer == .files)
        #expect(Completion(words: ["explain", ""]).answer == .names(.containers))
        #expect(Completion(words: ["explain", "stop", ""]).answer == .names(.runningContainers))
        #expect(Completion(words: ["explain", "web", ""]).answer == .names(.containers))
    }
}

@Suite struct ManualPageTests {
    @Test func `each command has a page that groff can read`() throws {
        let pages = ManualPage.all
        #expect(Set(pages.map(\.name)).count == pages.count)
        let run = try #require(pages.first { $0.name == "kade-run" })
        #expect(run.text.hasPrefix(".TH \"KADE\\-RUN\" 1"))
        #expect(
            run.text.contains("\\fB\\-m\\fR, \\fB\\-\\-memory\\fR \\fIbytes\\fR\nMemory limit.\n"))
        #expect(!run.text.contains("\\-\\-link\\-local"))
    }
}

@Suite struct HelpTextTests {
    @Test func `long texts break between words`() {
        #expect(HelpText.wrapped("aa bb cc", 7, indent: 2) == "aa bb\n  cc")
        #expect(HelpText.wrapped("a\n\nb", 10, indent: 0) == "a\n\nb")
    }
}
