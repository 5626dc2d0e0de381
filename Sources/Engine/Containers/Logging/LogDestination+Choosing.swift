import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

extension EngineContext {
    /// Where a container's output goes, as its monitor is told.
    func logDestination(of record: ContainerRecord) throws(Problem) -> LogDestination {
        let options = try LogOptions(record.request.logging)
        switch options.driver {
        case .none: return .none
        case .jsonFile:
            var attributes = try options.attributes(of: record)
            if let tag = options["tag"] {
                attributes["tag"] = try LogTag(tag).text(of: record)
            }
            return .files(try files(options, .json(attributes: attributes), of: record))
        case .local: return .files(try files(options, .compact, of: record))
        case .journald:
            return .journal(
                fields: try journalFields(options, of: record),
                mayLose: try options.bufferInBytes() != nil)
        case .syslog:
            let server = try SyslogOptions(options)
            return .syslog(
                SyslogTarget(
                    transport: server.transport, format: server.format,
                    facility: server.facility, hostname: try hostName(),
                    tag: try tag(options, of: record),
                    bufferInBytes: try options.bufferInBytes()))
        }
    }

    private func files(
        _ options: LogOptions, _ format: LogFormat, of record: ContainerRecord
    ) throws(Problem) -> LogFiles {
        let limits = try options.limits()
        let path = configuration.searchPath.map { "\($0)" }.joined(separator: ":")
        var compressor: String?
        if try options.wantsCompression(), limits.maximumFiles > 1 {
            if case .found(let program) = lookUpProgram("gzip", searchPath: path) {
                compressor = program.string
            } else if options["compress"] == "true" {
                throw Problem(
                    kind: .unavailable, what: "cannot use --log-opt compress=true",
                    why: "gzip is not installed", fix: "apt install gzip")
            }
        }
        return LogFiles(
            path: configuration.bundle(of: record.id).log.string, format: format,
            maxSizeInBytes: limits.maximumSizeInBytes ?? 0, maxFiles: limits.maximumFiles,
            compressor: compressor)
    }

    /// Docker's fields (moby, daemon/logger/journald).
    private func journalFields(
        _ options: LogOptions, of record: ContainerRecord
    ) throws(Problem) -> [String: String] {
        let tag = try tag(options, of: record)
        var fields: [String: String] = [:]
        for (name, value) in try options.attributes(of: record) {
            if let name = JournalMessage.fieldName(name) { fields[name] = value }
        }
        fields["CONTAINER_ID"] = String(record.id.prefix(12))
        fields["CONTAINER_ID_FULL"] = record.id
        fields["CONTAINER_NAME"] = record.name
        fields["CONTAINER_TAG"] = tag
        fields["IMAGE_NAME"] = record.image
        fields["SYSLOG_IDENTIFIER"] = tag
        return fields
    }

    private func tag(
        _ options: LogOptions, of record: ContainerRecord
    ) throws(Problem) -> String {
        try LogTag(options["tag"] ?? "{{.ID}}").text(of: record)
    }

    private func hostName() throws(Problem) -> String {
        try explaining("cannot learn the machine's name") { () throws(SystemCallError) in
            var name = [CChar](repeating: 0, count: 256)
            try kernel("gethostname", "") { gethostname(&name, name.count - 1) }
            return String(
                decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
