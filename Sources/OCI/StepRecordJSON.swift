package import Diagnostics

extension StepRecord {
    /// The record as one line of `steps.jsonl`, with its newline.
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

    /// Reads `steps.jsonl`; a last line that a crash cut off is left out.
    ///
    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - name: the file, for the error.
    /// - Returns: the records, in the order of the file.
    /// - Throws: a problem of kind `invalid` when a whole line is no record.
    package static func parse(
        jsonLines bytes: [UInt8], named name: String
    ) throws(Problem) -> [StepRecord] {
        var records: [StepRecord] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard line.endIndex < bytes.endIndex else { break }
            let json = try JSONValue(json: Array(line), named: name)
            guard let record = StepRecord(json) else {
                throw Problem(
                    kind: .invalid, what: "cannot read \(name)",
                    why: "line \(records.count + 1) is not the record of a step")
            }
            records.append(record)
        }
        return records
    }

    private init?(_ json: JSONValue) {
        guard let actor = json["actor"]?.string.flatMap(Actor.init(rawValue:)),
            let start = json["start"]?.int, let duration = json["duration"]?.int,
            let outcome = Outcome(json)
        else { return nil }
        self.init(
            explanation: Explanation(
                shell: json["shell"]?.string ?? "", why: json["why"]?.string ?? "",
                spec: json["spec"]?.string ?? ""),
            actor: actor, startInMicroseconds: Int64(start),
            durationInMicroseconds: Int64(duration), outcome: outcome)
    }
}

extension StepRecord.Outcome {
    fileprivate init?(_ json: JSONValue) {
        switch json["outcome"]?.string {
        case "done": self = .done
        case "warned": self = .warned(json["detail"]?.string ?? "")
        case "failed": self = .failed(json["detail"]?.string ?? "")
        default: return nil
        }
    }
}
