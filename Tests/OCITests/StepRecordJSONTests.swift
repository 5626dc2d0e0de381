import Diagnostics
import OCI
import Testing

@Suite struct StepRecordJSONTests {
    @Test func `a record is a line of JSON`() {
        var record = StepRecord(
            explanation: Explanation(shell: "echo \"1\"\n", why: "w", spec: "mounts[0]"),
            actor: .`init`, startInMicroseconds: 12, durationInMicroseconds: 44,
            outcome: .warned("old"))
        let start = #"{"actor":"init","start":12,"duration":44,"shell":"echo \"1\"\n","#
        let text = start + #""why":"w","spec":"mounts[0]","outcome":"#
        #expect(
            String(decoding: record.jsonLine, as: UTF8.self)
                == text + #""warned","detail":"old"}"# + "\n")
        record.outcome = .done
        #expect(String(decoding: record.jsonLine, as: UTF8.self) == text + "\"done\"}\n")
    }
}
