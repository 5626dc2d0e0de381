import Foundation
import Testing

@Suite struct RelativeRootTests {
    @Test func `roots may be named relative to the working directory`() throws {
        let kade = try Kade.withBusybox()
        func inFolder(_ arguments: String...) throws -> String {
            let line =
                [BuiltProgram.path("kade"), "--root", "data", "--runroot", "run"] + arguments
            let outcome = try Tool.start(
                kade.entry + ["sh", "-c", "cd \"$0\" && exec \"$@\"", kade.folder.path] + line
            ).wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            return outcome.output
        }
        let container = try inFolder("run", "-d", "--network", "none", "busybox", "sleep", "1000")
        let id = container.trimmingCharacters(in: .newlines)
        #expect(try kade.check("ps", "-q", "--no-trunc") == id)
        #expect(try inFolder("exec", id, "echo", "inside") == "inside\n")
        #expect(try kade.inspect(id, "{{.State.Status}}") == "running")
        try kade.check("rm", "-f", id)
        #expect(try inFolder("ps", "-aq") == "")
    }
}
