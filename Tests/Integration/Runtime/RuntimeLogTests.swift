import Foundation
import OCI
import Testing

/// `--log`, `--log-format`, `--debug`: lines as engines read them.
@Suite(.enabled(if: isRoot)) struct RuntimeLogTests {
    /// A log, and what came of the command that wrote it.
    private struct Log {
        var lines: [Substring]
        var outcome: Tool.Outcome
    }

    /// Runs a container that cannot be.
    private static func log(
        of runtime: RuntimeUnderTest, _ flags: String...
    ) throws -> Log {
        let bundle = try RuntimeBundle(for: runtime) { $0.process?.args = ["/no such"] }
        try bundle.write()
        let outcome = try Tool.start(
            bundle.command + ["--root", bundle.root, "--log", bundle.folder.at("log")] + flags
                + ["run", "--bundle", bundle.folder.path, bundle.id]
        ).wait()
        return Log(lines: try bundle.folder.text("log").split(separator: "\n"), outcome: outcome)
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `an error is a line of JSON`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let log = try Self.log(of: runtime, "--log-format", "json")
        let lines = log.lines
        #expect(log.outcome.exitCode != 0)
        let entries = try lines.map { try JSONValue.parse(Array($0.utf8), named: "log") }
        let error = try #require(entries.last { $0["level"]?.string == "error" })
        #expect(error["msg"]?.string?.contains("/no such") == true, "\(lines)")
        let time = try #require(error["time"]?.string)
        #expect(
            try time.wholeMatch(of: Regex(#"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*(Z|[+-]\d\d:\d\d)"#))
                != nil)
        guard runtime == .kade else { return }
        #expect(entries.count == 1)
        #expect(error.object?.members.map(\.name) == ["level", "msg", "time", "fix"])
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `or of logrus's text`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        for flags in [[], ["--log-format", "text"]] {
            let log =
                try flags.isEmpty
                ? Self.log(of: runtime) : Self.log(of: runtime, "--log-format", "text")
            let shape = try Regex(#"time="[^"]+" level=error msg=".*no such.*""#)
            #expect(log.lines.contains { $0.wholeMatch(of: shape) != nil }, "\(log.lines)")
        }
    }

    @Test func `the cause underneath is told where details are wanted`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let refused = { (flags: [String]) throws -> String in
            try Tool.start(
                bundle.command + flags + [
                    "--root", bundle.root, "update", "--resources", "/nothing", bundle.id,
                ]
            ).wait().errors
        }
        #expect(try refused(["--debug"]).contains("No such file or directory)"))
        #expect(try !refused([]).contains("No such file or directory)"))
    }

    @Test func `a log that cannot be written does not hide the error`() throws {
        let bundle = try RuntimeBundle()
        let outcome = try bundle.runtime("--log", "/no/such/log", "state", bundle.id)
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("container does not exist"))
        #expect(outcome.errors.contains("cannot write to the log"))
    }

    @Test func `another format is refused`() throws {
        let bundle = try RuntimeBundle()
        let outcome = try bundle.runtime("--log-format", "xml", "list")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("invalid log-format: xml"))
    }
}
