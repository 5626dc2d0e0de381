import ContainerRuntime
import Linux
import Testing

@testable import Engine

@Suite struct SessionTests {
    @Test(
        arguments: [
            ([[1, 2, 3]], [1, 2, 3], false), ([[16, 17]], [], true), ([[16], [17]], [], true),
            ([[1, 16], [17, 2]], [1], true), ([[16, 1]], [16, 1], false),
            ([[16, 16, 17]], [16], true),
        ] as [([[UInt8]], [UInt8], Bool)])
    func `detach keys are found also when they come one by one`(
        inputs: [[UInt8]], passed: [UInt8], isDetached: Bool
    ) {
        var keys = DetachKeys([16, 17])
        var result: [UInt8] = []
        var detached = false
        for input in inputs {
            let (bytes, found) = keys.filter(input[...])
            result += bytes
            detached = detached || found
        }
        #expect(result == passed)
        #expect(detached == isDetached)
    }

    @Test func `a beginning of the keys at the end of the input is input`() {
        var keys = DetachKeys([16, 17])
        #expect(keys.filter([1, 16]).bytes == [1])
        #expect(keys.rest() == [16])
        #expect(keys.rest() == nil)
    }

    @Test func `a log's line is an entry, and a damaged one none`() throws {
        let line = #"{"log":"h\u00e9\n","stream":"stderr","time":"2026-01-01T00:00:00.5Z"}"#
        let entry = try #require(LogEntry(line: line.utf8))
        #expect(entry.text == Array("hé\n".utf8))
        #expect(entry.stream == .error)
        #expect(entry.time.rfc3339 == "2026-01-01T00:00:00.5Z")
        #expect(LogEntry(line: #"{"log":"h"#.utf8) == nil)
        var query = LogQuery()
        #expect(query.wants(entry))
        query.since = Timestamp(rfc3339: "2026-01-01T00:00:01Z")
        #expect(!query.wants(entry))
        query.since = nil
        query.includesError = false
        #expect(!query.wants(entry))
    }

    @Test func `the processes of a container are picked out of all`() throws {
        let text = """
            UID          PID    PPID CMD
            root           1       0 /sbin/init splash
            app          200       1 sh -c  sleep 5
            """
        let table = try ProcessTable(psOutput: text, pids: [200])
        #expect(table.titles == ["UID", "PID", "PPID", "CMD"])
        #expect(table.rows == [["app", "200", "1", "sh -c  sleep 5"]])
        #expect(throws: (any Error).self) { try ProcessTable(psOutput: "A B\n", pids: []) }
    }

    @Test func `what the runtime makes to mount on is no change`() {
        let changes: [FilesystemChange] = [
            .init(kind: .added, path: "/dev"), .init(kind: .changed, path: "/etc"),
            .init(kind: .added, path: "/etc/hosts"), .init(kind: .added, path: "/new"),
        ]
        #expect(changes.withoutMountPoints == [.init(kind: .added, path: "/new")])
    }
}
