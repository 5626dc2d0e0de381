import Diagnostics
import OCI
import Testing

@Suite struct StepRecordJSONTests {
    private static let record = StepRecord(
        explanation: Explanation(shell: "mount -t proc proc /proc", why: "w", spec: "mounts[0]"),
        actor: .`init`, startInMicroseconds: 12, durationInMicroseconds: 44,
        outcome: .warned("old"))

    @Test func `records come back from their lines`() throws {
        var failed = Self.record
        failed.outcome = .failed("no")
        let text = Self.record.jsonLine + failed.jsonLine
        #expect(
            try StepRecord.parse(jsonLines: text, named: "steps.jsonl") == [Self.record, failed])
    }

    @Test func `a line that a crash cut off is left out`() throws {
        let text = Self.record.jsonLine + Self.record.jsonLine.dropLast(9)
        #expect(try StepRecord.parse(jsonLines: text, named: "steps.jsonl") == [Self.record])
    }

    @Test func `a whole line that is no record is an error`() {
        #expect(throws: Problem.self) {
            try StepRecord.parse(jsonLines: Array("{}\n".utf8), named: "steps.jsonl")
        }
    }
}
