import Diagnostics

/// What a container wrote before its end.
extension EndInquiry {
    /// The last lines, or why there are none.
    struct LastWords {
        var evidence: [String] = []
        /// Whether its log is there and has nothing.
        var isSilent = false
    }

    /// The last lines that it wrote, where they are kept and can be read.
    func lastWords() throws(Problem) -> LastWords {
        switch try LogOptions(record.request.logging).driver {
        case .none: return LastWords(evidence: ["what it wrote is not kept: --log-driver none"])
        case .syslog:
            return LastWords(evidence: ["what it wrote is kept elsewhere: --log-driver syslog"])
        case .jsonFile, .local, .journald: break
        }
        var query = LogQuery()
        query.tail = 5
        var lines: [String] = []
        do throws(Problem) {
            try ContainerService(context: context).logs(of: record.id, query) { entry in
                let text = String(decoding: entry.text, as: UTF8.self)
                lines.append(text.hasSuffix("\n") ? String(text.dropLast()) : text)
            }
        } catch {
            // The end has causes without it, too.
            return LastWords(evidence: ["what it wrote cannot be read: \(error.why)"])
        }
        return LastWords(evidence: lines.map { "it wrote: \($0)" }, isSilent: lines.isEmpty)
    }

    /// Where to look at all that it wrote.
    func logAdvice() throws(Problem) -> String {
        switch try LogOptions(record.request.logging).driver {
        case .jsonFile, .local, .journald: "kade logs \(record.name)"
        case .syslog: "look at what it wrote where --log-driver syslog sends it"
        case .none: "have what it writes kept, and let it run again: --log-driver local"
        }
    }
}
