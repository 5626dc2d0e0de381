/// What someone who looks at steps while they are made hears of them.
package enum StepEvent: Sendable, Equatable {
    /// A step has begun; duration and outcome of the record mean nothing yet.
    case begun(StepRecord)
    /// A step has ended; one that nobody has heard of before has begun, too.
    case ended(StepRecord)

    /// Tells of a step that begins.
    package static func begun(
        _ explanation: Explanation, by actor: StepRecord.Actor, atMicroseconds start: Int64
    ) -> StepEvent {
        .begun(
            StepRecord(
                explanation: explanation, actor: actor, startInMicroseconds: start,
                durationInMicroseconds: 0, outcome: .done))
    }

    /// The event as bytes: a letter, and the record.
    package var bytes: [UInt8] {
        var bytes: [UInt8]
        switch self {
        case .begun(let record):
            bytes = [UInt8(ascii: "b")]
            record.append(to: &bytes)
        case .ended(let record):
            bytes = [UInt8(ascii: "e")]
            record.append(to: &bytes)
        }
        return bytes
    }

    /// Reads an event's bytes.
    ///
    /// - Throws: a problem of kind `invalid` where they are none.
    package init(bytes: ArraySlice<UInt8>) throws(Problem) {
        let records = try StepRecord.parse(Array(bytes.dropFirst()), named: "a step")
        switch (bytes.first, records.first) {
        case (UInt8(ascii: "b"), let record?): self = .begun(record)
        case (UInt8(ascii: "e"), let record?): self = .ended(record)
        default:
            throw Problem(
                kind: .invalid, what: "cannot read a step", why: "\(bytes.count) bytes are none")
        }
    }
}
