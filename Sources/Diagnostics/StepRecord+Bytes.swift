/// Records as a container's file of steps has them: numbers, then texts, one record after the other.
///
/// They are written while someone waits for a container, and rarely read: so a record costs a copy
/// of its texts. All numbers are in the machine's own order, which nobody else reads.
extension StepRecord {
    /// What a record begins with; the texts follow in the order of their lengths.
    private struct Header {
        var actor: UInt32
        var outcome: UInt32
        var startInMicroseconds: Int64
        var durationInMicroseconds: Int64
        var shellInBytes: UInt32
        var whyInBytes: UInt32
        var specInBytes: UInt32
        var detailInBytes: UInt32

        /// The length of the whole record.
        var lengthInBytes: Int {
            [shellInBytes, whyInBytes, specInBytes, detailInBytes].reduce(
                MemoryLayout<Header>.size
            ) { $0 + Int($1) }
        }
    }

    private static let actors: [Actor] = [.engine, .monitor, .runtime, .`init`]

    /// Adds the record to a file's content.
    package func append(to bytes: inout [UInt8]) {
        // Each actor is in the list.
        let actor = Self.actors.firstIndex(of: actor) ?? Self.actors.count
        let detail = outcome.detail
        let header = Header(
            actor: UInt32(actor), outcome: outcome.number,
            startInMicroseconds: startInMicroseconds,
            durationInMicroseconds: durationInMicroseconds,
            shellInBytes: UInt32(explanation.shell.utf8.count),
            whyInBytes: UInt32(explanation.why.utf8.count),
            specInBytes: UInt32(explanation.spec.utf8.count),
            detailInBytes: UInt32(detail.utf8.count))
        withUnsafeBytes(of: header) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: explanation.shell.utf8)
        bytes.append(contentsOf: explanation.why.utf8)
        bytes.append(contentsOf: explanation.spec.utf8)
        bytes.append(contentsOf: detail.utf8)
    }

    /// Reads a file's content; a last record that a crash cut off is left out.
    ///
    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - name: the file, for the error.
    /// - Returns: the records, in the order of the file.
    /// - Throws: a problem of kind `invalid` when a whole record is none.
    package static func parse(
        _ bytes: [UInt8], named name: String
    ) throws(Problem) -> [StepRecord] {
        var records: [StepRecord] = []
        var rest = bytes[...]
        while rest.count >= MemoryLayout<Header>.size {
            let header = rest.withUnsafeBytes { $0.loadUnaligned(as: Header.self) }
            guard rest.count >= header.lengthInBytes else { break }
            guard let record = StepRecord(header, Array(rest.prefix(header.lengthInBytes))) else {
                throw Problem(
                    kind: .invalid, what: "cannot read \(name)",
                    why: "record \(records.count + 1) is not that of a step",
                    fix: "remove it: kade start writes it anew")
            }
            records.append(record)
            rest = rest.dropFirst(header.lengthInBytes)
        }
        return records
    }

    private init?(_ header: Header, _ bytes: [UInt8]) {
        var place = MemoryLayout<Header>.size
        func text(_ length: UInt32) -> String {
            defer { place += Int(length) }
            return String(decoding: bytes[place..<(place + Int(length))], as: UTF8.self)
        }
        let explanation = Explanation(
            shell: text(header.shellInBytes), why: text(header.whyInBytes),
            spec: text(header.specInBytes))
        guard Self.actors.indices.contains(Int(header.actor)),
            let outcome = Outcome(header.outcome, text(header.detailInBytes))
        else { return nil }
        self.init(
            explanation: explanation, actor: Self.actors[Int(header.actor)],
            startInMicroseconds: header.startInMicroseconds,
            durationInMicroseconds: header.durationInMicroseconds, outcome: outcome)
    }
}

extension StepRecord.Outcome {
    fileprivate var number: UInt32 {
        switch self {
        case .done: 0
        case .warned: 1
        case .failed: 2
        }
    }

    fileprivate var detail: String {
        switch self {
        case .done: ""
        case .warned(let detail), .failed(let detail): detail
        }
    }

    fileprivate init?(_ number: UInt32, _ detail: String) {
        switch number {
        case 0: self = .done
        case 1: self = .warned(detail)
        case 2: self = .failed(detail)
        default: return nil
        }
    }
}

extension [StepRecord] {
    /// The content of a file with these records.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        // Most have less than a third of a kilobyte.
        bytes.reserveCapacity(count * 320)
        for record in self { record.append(to: &bytes) }
        return bytes
    }
}
