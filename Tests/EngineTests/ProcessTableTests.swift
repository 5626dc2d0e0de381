import Testing

@testable import Engine

@Suite struct ProcessTableTests {
    @Test func `the container's rows are kept, with blanks in the last column`() throws {
        let table = try ProcessTable(
            psOutput: """
                  PID   UID COMMAND
                    1     0 /sbin/init
                  421  1000 sleep 60  x
                """, pids: [421, 7])
        #expect(table.titles == ["PID", "UID", "COMMAND"])
        #expect(table.rows == [["421", "1000", "sleep 60  x"]])
    }

    @Test func `one column is enough, if it is the PID`() throws {
        let table = try ProcessTable(psOutput: "  PID\n    1\n  421\n", pids: [421])
        #expect(table.rows == [["421"]])
        #expect(throws: (any Error).self) {
            try ProcessTable(psOutput: "CMD\nsleep\n", pids: [421])
        }
    }
}
