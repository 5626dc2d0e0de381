import Diagnostics
import Testing

@Suite struct StepRecordBytesTests {
    private static let records = [StepRecord.Outcome.done, .warned("old"), .failed("né\n")].map {
        StepRecord(
            explanation: Explanation(shell: "mount 'a\0b\n' /ü", why: "", spec: "mounts[0]"),
            actor: .`init`, startInMicroseconds: 1 << 40, durationInMicroseconds: 44, outcome: $0)
    }

    @Test func `records come back from their bytes`() throws {
        #expect(try StepRecord.parse(Self.records.bytes, named: "steps") == Self.records)
        for actor in [StepRecord.Actor.engine, .monitor, .runtime, .`init`] {
            var record = Self.records[0]
            record.actor = actor
            #expect(try StepRecord.parse([record].bytes, named: "steps") == [record])
        }
        #expect(try StepRecord.parse([], named: "steps").isEmpty)
    }

    @Test func `a record that a crash cut off is left out`() throws {
        let whole = Self.records.bytes
        let first = [Self.records[0]].bytes.count
        for length in 0..<whole.count {
            let read = try StepRecord.parse(Array(whole.prefix(length)), named: "steps")
            #expect(read == Array(Self.records.prefix(read.count)))
            #expect(read.isEmpty == (length < first))
        }
    }

    @Test func `a whole record that is none is an error, whatever its numbers are`() {
        for place in [0, 3, 4, 7] {
            var bytes = Self.records.bytes
            bytes[place] = 0xff
            #expect(throws: Problem.self) { try StepRecord.parse(bytes, named: "steps") }
        }
        // Lengths past the end are those of a record that was cut off.
        let wild = [UInt8](repeating: 0xff, count: 64)
        #expect(throws: Never.self) { try StepRecord.parse(wild, named: "steps") }
    }
}
