import Testing

@Suite struct SmokeTests {
    @Test func `a container runs, says what it has to say, and leaves nothing`() throws {
        let kade = try Kade.withBusybox()
        let outcome = try kade.shell("echo out; echo err >&2; exit 3")
        #expect(outcome.output == "out\n")
        #expect(outcome.errors == "err\n")
        #expect(outcome.exitCode == 3)
        #expect(try kade.check("ps", "-aq").isEmpty)
        // The monitor's process ends a moment after it has told the exit code.
        try kade.wait(until: { try kade.leftovers().isEmpty })
    }
}
