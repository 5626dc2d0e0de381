package import Diagnostics

extension StepRecord {
    /// The record as a line of JSON, with its newline.
    package var jsonLine: [UInt8] {
        var outcomeText: JSONObject = [:]
        switch outcome {
        case .done: outcomeText["outcome"] = "done"
        case .warned(let detail):
            outcomeText["outcome"] = "warned"
            outcomeText["detail"] = .string(detail)
        case .failed(let detail):
            outcomeText["outcome"] = "failed"
            outcomeText["detail"] = .string(detail)
        }
        var json = JSONWriter(.compact)
        json.beginObject()
        json.member("actor", actor.rawValue)
        json.member("start", startInMicroseconds)
        json.member("duration", durationInMicroseconds)
        json.member("shell", explanation.shell)
        json.member("why", explanation.why)
        json.member("spec", explanation.spec)
        json.members(outcomeText)
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
