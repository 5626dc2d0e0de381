import Diagnostics
import Glibc
import OCI

/// `--log-driver` and `--log-opt`, understood.
struct LogOptions: Sendable, Equatable {
    var driver: Driver
    private let options: [String: String]

    /// The drivers that there are.
    enum Driver: String, Sendable, CaseIterable {
        case jsonFile = "json-file"
        case local, journald, syslog, none
    }

    /// Reads the options.
    ///
    /// - Throws: `.unsupported` for drivers of Docker that Kade lacks, `.invalid` with Docker's
    ///   words for options that the driver does not have, or values that are none.
    init(_ request: LogRequest) throws(Problem) {
        // Podman's name of the same thing.
        let name = request.driver == "k8s-file" ? Driver.jsonFile.rawValue : request.driver
        guard let driver = Driver(rawValue: name) else {
            let foreign = ["awslogs", "etwlogs", "fluentd", "gcplogs", "gelf", "splunk"]
            throw Problem(
                kind: foreign.contains(name) ? .unsupported : .invalid,
                what: "cannot use log driver \(name)",
                why: foreign.contains(name)
                    ? "Kade has no log driver '\(name)'"
                    : "logger: no log driver named '\(name)' is registered",
                fix: "use one of " + Driver.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.driver = driver
        options = request.options
        for option in options.keys.sorted() where !driver.options.contains(option) {
            throw Problem(
                kind: .invalid, what: "cannot use --log-opt \(option)",
                why: "unknown log opt '\(option)' for \(name) log driver",
                fix: driver.options.isEmpty
                    ? nil : "there are \(driver.options.sorted().joined(separator: ", "))")
        }
        try check()
    }

    /// The value of an option.
    subscript(name: String) -> String? { options[name] }

    private func check() throws(Problem) {
        _ = try limits()
        _ = try bufferInBytes()
        for name in ["labels-regex", "env-regex"] {
            if let pattern = options[name] { _ = try Pattern(pattern, of: name) }
        }
        if let tag = options["tag"] { _ = try LogTag(tag) }
        if driver == .syslog { _ = try SyslogOptions(self) }
    }

    /// Whether full files are compressed, where there is a program for it.
    func wantsCompression() throws(Problem) -> Bool {
        switch options["compress"] {
        case nil: driver == .local
        case "true": true
        case "false": false
        case .some(let text): throw invalid("compress", text, "it is neither true nor false")
        }
    }

    /// How large files get, and how many there are.
    ///
    /// A log that nobody limits cannot fill the disk: it has 20 MB five times, as Docker's `local`.
    func limits() throws(Problem) -> LogLimits {
        var limits = LogLimits(maximumSizeInBytes: 20_000_000, maximumFiles: 5)
        if let text = options["max-size"] {
            // Docker keeps one file where only the size is said.
            if driver == .jsonFile { limits.maximumFiles = 1 }
            if text == "-1" {
                limits.maximumSizeInBytes = nil
            } else {
                guard let size = LogLimits.bytes(text), size > 0 else {
                    throw invalid("max-size", text, "it is no size", fix: "for example 10m")
                }
                limits.maximumSizeInBytes = size
            }
        }
        if let text = options["max-file"] {
            guard let count = Int(text), count > 0 else {
                throw invalid("max-file", text, "it is no number of files", fix: "for example 3")
            }
            limits.maximumFiles = count
        }
        if options["compress"] == "true", limits.maximumFiles < 2 {
            throw invalid(
                "compress", "true", "compression is only for max-file 2 and more",
                fix: "add --log-opt max-file=5")
        }
        _ = try wantsCompression()
        return limits
    }

    /// How many bytes may wait before entries are lost; nil makes the program wait.
    ///
    /// Files and the journal have no such buffer: a file takes each entry at once, and what
    /// journald has no room for is lost at once.
    func bufferInBytes() throws(Problem) -> Int? {
        switch options["mode"] {
        case nil, "blocking":
            guard let text = options["max-buffer-size"] else { return nil }
            throw invalid(
                "max-buffer-size", text, "only mode=non-blocking has a buffer",
                fix: "add --log-opt mode=non-blocking")
        case "non-blocking":
            let text = options["max-buffer-size"] ?? "1m"
            guard let size = LogLimits.bytes(text), size > 0 else {
                throw invalid("max-buffer-size", text, "it is no size", fix: "for example 4m")
            }
            return Int(size)
        case .some(let text):
            throw invalid("mode", text, "it is neither blocking nor non-blocking")
        }
    }

    /// What an entry says beside its text: chosen labels and variables, and the tag.
    func attributes(of record: ContainerRecord) throws(Problem) -> [String: String] {
        var attributes: [String: String] = [:]
        let labels = record.request.labels
        for name in Self.names(options["labels"]) { attributes[name] = labels[name] }
        if let text = options["labels-regex"] {
            let pattern = try Pattern(text, of: "labels-regex")
            for (name, value) in labels where pattern.matches(name) { attributes[name] = value }
        }
        var variables: [String: String] = [:]
        for entry in record.request.process.environment {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
        }
        for name in Self.names(options["env"]) { attributes[name] = variables[name] }
        if let text = options["env-regex"] {
            let pattern = try Pattern(text, of: "env-regex")
            for (name, value) in variables where pattern.matches(name) { attributes[name] = value }
        }
        return attributes
    }

    private static func names(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map(String.init)
    }

    func invalid(_ option: String, _ text: String, _ why: String, fix: String? = nil) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use --log-opt \(option)=\(text)", why: why, fix: fix)
    }
}

extension LogOptions.Driver {
    /// The options that the driver has.
    fileprivate var options: Set<String> {
        let extras: Set = ["labels", "labels-regex", "env", "env-regex", "tag"]
        let mode: Set = ["mode", "max-buffer-size"]
        let files: Set = ["max-size", "max-file", "compress"]
        return switch self {
        case .none: []
        case .local: files.union(mode)
        case .jsonFile: files.union(mode).union(extras)
        case .journald: mode.union(extras)
        case .syslog:
            mode.union(extras).union(["syslog-address", "syslog-facility", "syslog-format"])
        }
    }
}

/// How large a log may grow.
struct LogLimits: Sendable, Equatable {
    /// nil is without limit.
    var maximumSizeInBytes: Int64?
    var maximumFiles: Int

    /// Reads `10m`, `20kb` or a number of bytes; nil where a text is none.
    static func bytes(_ text: String) -> Int64? {
        var digits = Substring(text.lowercased())
        if digits.hasSuffix("b") { digits.removeLast() }
        let shift: Int64
        switch digits.last {
        case "k": shift = 10
        case "m": shift = 20
        case "g": shift = 30
        default: shift = 0
        }
        if shift > 0 { digits.removeLast() }
        guard let value = Int64(digits) else { return nil }
        let (result, overflow) = value.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : result
    }
}

/// A pattern for names: an extended regular expression (`regex(7)`).
private struct Pattern {
    private let expression: String

    init(_ expression: String, of option: String) throws(Problem) {
        var compiled = regex_t()
        guard regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) == 0 else {
            throw Problem(
                kind: .invalid, what: "cannot use --log-opt \(option)=\(expression)",
                why: "it is no regular expression")
        }
        regfree(&compiled)
        self.expression = expression
    }

    func matches(_ text: String) -> Bool {
        var compiled = regex_t()
        guard regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
        defer { regfree(&compiled) }
        return regexec(&compiled, text, 0, nil, 0) == 0
    }
}

/// `--log-opt tag`: a text with Docker's fields (moby, daemon/logger/loginfo.go).
struct LogTag: Sendable, Equatable {
    private let parts: [Part]

    private enum Part: Sendable, Equatable {
        case text(String)
        case field(Field)
    }

    /// What stands between the braces.
    private enum Field: String, Sendable, CaseIterable {
        case id = "ID"
        case fullID = "FullID"
        case name = "Name"
        case imageID = "ImageID"
        case imageFullID = "ImageFullID"
        case imageName = "ImageName"
        case daemonName = "DaemonName"
    }

    init(_ text: String) throws(Problem) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let start = rest.firstRange(of: "{{") {
            if start.lowerBound > rest.startIndex {
                parts.append(.text(String(rest[..<start.lowerBound])))
            }
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "}}"),
                let field = Self.field(rest[..<end.lowerBound])
            else {
                throw Problem(
                    kind: .invalid, what: "cannot use --log-opt tag=\(text)",
                    why: "it has no field of a container between its braces",
                    fix: "there are "
                        + Field.allCases.map { "{{.\($0.rawValue)}}" }.joined(separator: ", "))
            }
            parts.append(.field(field))
            rest = rest[end.upperBound...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    private static func field(_ text: Substring) -> Field? {
        let name = text.filter { $0 != " " }
        return name.hasPrefix(".") ? Field(rawValue: String(name.dropFirst())) : nil
    }

    /// The tag of a container.
    func text(of record: ContainerRecord) -> String {
        let image = Digest.hash(namedBy: record.imageID)
        return parts.map { part in
            switch part {
            case .text(let text): text
            case .field(.id): String(record.id.prefix(12))
            case .field(.fullID): record.id
            case .field(.name): record.name
            case .field(.imageID): String(image.prefix(12))
            case .field(.imageFullID): record.imageID
            case .field(.imageName): record.image
            case .field(.daemonName): "kade"
            }
        }.joined()
    }
}
