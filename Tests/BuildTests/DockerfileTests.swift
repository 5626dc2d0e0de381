import Diagnostics
import Testing

@testable import Build

/// Reading a Dockerfile: lines, directives, here-documents and instructions.
@Suite struct DockerfileTests {
    private func parse(_ text: String) throws(Problem) -> Dockerfile {
        try Dockerfile(parsing: Array(text.utf8), file: "Dockerfile")
    }

    private func instructions(_ text: String) throws(Problem) -> [Instruction] {
        try parse("FROM scratch\n" + text).stages[0].instructions.map(\.instruction)
    }

    @Test func `continuations, comments and empty lines between them are one instruction`() throws {
        let text = """
            FROM scratch
            # a comment
            RUN echo a \\
              # a comment inside

                && echo b \\
                && echo c
            CMD ["x"]
            """
        let stage = try parse(text).stages[0]
        #expect(stage.instructions.count == 2)
        #expect(stage.instructions[0].text == "RUN echo a     && echo b     && echo c")
        #expect(stage.instructions[0].source.line == 3)
        #expect(stage.instructions[0].source.lastLine == 7)
        #expect(stage.instructions[1].instruction == .command(.exec(["x"])))
    }

    @Test func `two escape characters at a line's end are no continuation`() throws {
        #expect(
            try instructions("RUN echo a\\\\\nCMD b") == [
                .run(RunInstruction(.shell("echo a\\\\"))), .command(.shell("b")),
            ])
    }

    @Test func `directives stand at the top, and the escape character can be another`() throws {
        let file = try parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM scratch\nRUN a `\n b")
        #expect(file.directives.syntax == "docker/dockerfile:1")
        #expect(
            file.stages[0].instructions.map(\.instruction) == [
                .run(RunInstruction(.shell("a  b")))
            ])
        let late = try parse("# a comment\n# escape=`\nFROM scratch\nRUN a `")
        #expect(late.directives.escape == UInt8(ascii: "\\"))
    }

    @Test func `carriage returns and a byte order mark do not count`() throws {
        let file = try parse("\u{FEFF}FROM scratch\r\nRUN a \\\r\n b\r\n")
        #expect(
            file.stages[0].instructions.map(\.instruction) == [
                .run(RunInstruction(.shell("a  b")))
            ])
    }

    @Test func `here-documents belong to their instruction`() throws {
        let run = try instructions("RUN <<EOF\na\n  b\nEOF\nRUN cat <<-'X' <<Y\n\tq\n\tX\nr\nY\n")
        guard case .run(let first) = run[0], case .run(let second) = run[1] else {
            Issue.record("two RUN were expected")
            return
        }
        #expect(first.heredocs.map(\.content) == ["a\n  b\n"])
        #expect(first.heredocs.map(\.isExpanded) == [true])
        #expect(second.heredocs.map(\.name) == ["X", "Y"])
        #expect(second.heredocs.map(\.content) == ["\tq\n", "r\n"])
        #expect(second.heredocs.map(\.fileContent) == ["q\n", "r\n"])
        #expect(second.heredocs.map(\.isExpanded) == [false, true])
    }

    @Test func `a quoted or tripled mark is no here-document`() throws {
        let run = try instructions("RUN echo \"<<EOF\"\nRUN cat <<<word")
        #expect(
            run == [
                .run(RunInstruction(.shell("echo \"<<EOF\""))),
                .run(RunInstruction(.shell("cat <<<word"))),
            ])
    }

    @Test func `a here-document without its end is a mistake that names the line`() {
        #expect {
            try parse("FROM scratch\nRUN <<EOF\necho a\n")
        } throws: { error in
            let text = "\(error)"
            return text.contains("Dockerfile:2") && text.contains("RUN <<EOF")
                && text.contains("unterminated heredoc")
        }
    }

    @Test(arguments: [
        ("FROM a b", "FROM requires either one or three arguments"),
        ("RUN x", "no build stage"), ("FROM scratch\nNOSUCH x", "unknown instruction"),
        ("FROM scratch\nCOPY a", "at least two arguments"),
        ("FROM scratch\nCOPY --nosuch a b", "unknown flag: --nosuch"),
        ("FROM scratch\nCOPY --chown a b", "missing a value on flag: chown"),
        ("FROM scratch\nRUN --device=vendor.com/gpu=all x", "gives RUN no devices"),
        ("FROM scratch\nENV a", "must have two arguments"),
        ("FROM scratch\nENV a=b c", "can't find = in"),
        ("FROM scratch\nONBUILD ONBUILD RUN x", "isn't allowed"),
        ("FROM scratch\nONBUILD FROM x", "isn't allowed"),
        ("FROM scratch\nSHELL sh", "JSON form"),
        ("FROM scratch AS 1x", "invalid name for build stage"),
        ("FROM scratch\nHEALTHCHECK RUN x", "unknown type"),
        ("FROM scratch\nHEALTHCHECK --interval=1us CMD x", "cannot be less than 1ms"),
        ("# escape=x\nFROM scratch", "invalid escape token"),
        ("# syntax=a\n# syntax=b\nFROM scratch", "only one syntax"), ("", "it has no FROM"),
    ])
    func `mistakes are told`(text: String, why: String) {
        #expect {
            try parse(text)
        } throws: { error in "\(error)".contains(why) }
    }

    @Test func `flags come before the arguments, and a JSON list may hold blanks`() throws {
        let copy = try instructions(
            "COPY --from=build --chown=1:2 --chmod=644 --link --exclude=*.o --exclude=x [\"a b\", \"/c d/\"]"
        )
        var expected = CopyInstruction(sources: [.path("a b")], destination: "/c d/")
        expected.from = "build"
        expected.owner = "1:2"
        expected.mode = "644"
        expected.isLinked = true
        expected.excluded = ["*.o", "x"]
        #expect(copy == [.copy(expected)])
    }

    @Test func `names and values have two forms`() throws {
        #expect(
            try instructions("ENV a=1 b=\"2 3\" c=4\\ 5\nENV d 6 7\nLABEL \"k k\"=v") == [
                .environment([
                    NamedValue("a", "1"), NamedValue("b", "\"2 3\""), NamedValue("c", "4\\ 5"),
                ]), .environment([NamedValue("d", "6 7")]),
                .label([NamedValue("\"k k\"", "v")]),
            ])
    }

    @Test func `a health check has flags, a command or none`() throws {
        let checks = try instructions(
            "HEALTHCHECK --interval=5s --timeout=1m30s --retries=3 CMD [\"x\", \"y\"]\nHEALTHCHECK NONE"
        )
        var expected = HealthcheckInstruction(command: .exec(["x", "y"]))
        expected.interval = 5_000_000_000
        expected.timeout = 90_000_000_000
        expected.retries = 3
        #expect(
            checks == [.healthcheck(expected), .healthcheck(HealthcheckInstruction(command: nil))])
    }
}
