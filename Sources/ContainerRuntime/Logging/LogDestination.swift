import OCI

/// Where a program's output is kept: `--log-driver` and `--log-opt`, as the monitor is told.
package enum LogDestination: Sendable, Equatable {
    /// Nowhere.
    case none
    /// Files of a limited size.
    case files(LogFiles)
    /// The machine's journal, with these fields beside the message; where messages may be lost,
    /// nobody waits for it.
    case journal(fields: [String: String], mayLose: Bool)
    /// A server of the syslog protocol.
    case syslog(SyslogTarget)
}

/// A log in files: the present one, and older ones with a number behind the name.
package struct LogFiles: Sendable, Equatable {
    package var path: String
    package var format: LogFormat
    /// The size at which a file is full; 0 is without limit.
    package var maxSizeInBytes: Int64
    /// How many there are, with the present one.
    package var maxFiles: Int
    /// The program that compresses full files (`gzip`); nil leaves them as they are.
    package var compressor: String?

    package init(
        path: String, format: LogFormat, maxSizeInBytes: Int64, maxFiles: Int, compressor: String?
    ) {
        self.path = path
        self.format = format
        self.maxSizeInBytes = maxSizeInBytes
        self.maxFiles = maxFiles
        self.compressor = compressor
    }
}

/// How entries are laid out in a file.
package enum LogFormat: Sendable, Equatable {
    /// Docker's `json-file`: one object a line, with these attributes in each.
    case json(attributes: [String: String])
    /// Kade's `local`: the bytes as they came, behind 13 bytes (``LogRecord``).
    case compact
}

/// A server that takes messages of the syslog protocol.
package struct SyslogTarget: Sendable, Equatable {
    package var transport: Transport
    package var format: Format
    /// The facility's number, 0 to 23.
    package var facility: Int
    package var hostname: String
    package var tag: String
    /// How many bytes may wait for the server before messages are lost; nil makes the program
    /// wait.
    package var bufferInBytes: Int?

    package init(
        transport: Transport, format: Format, facility: Int, hostname: String, tag: String,
        bufferInBytes: Int?
    ) {
        self.transport = transport
        self.format = format
        self.facility = facility
        self.hostname = hostname
        self.tag = tag
        self.bufferInBytes = bufferInBytes
    }

    /// How messages travel.
    package enum Transport: Sendable, Equatable {
        /// A local socket, of datagrams or, where it takes none, a stream.
        case local(path: String)
        case udp(address: String, port: UInt16)
        case tcp(address: String, port: UInt16)
    }

    /// How messages are laid out.
    package enum Format: String, Sendable, CaseIterable {
        /// The form of local sockets: without a host name.
        case local = ""
        case rfc3164
        case rfc5424
        /// The same with microseconds.
        case rfc5424micro
    }
}

extension LogDestination {
    init(_ json: JSONValue?) {
        switch json?["driver"]?.string {
        case "json-file":
            self = .files(LogFiles(json, .json(attributes: Self.map(json?["attributes"]))))
        case "local": self = .files(LogFiles(json, .compact))
        case "journald":
            self = .journal(
                fields: Self.map(json?["fields"]), mayLose: json?["mayLose"]?.bool ?? false)
        case "syslog": self = json.flatMap(SyslogTarget.init).map { .syslog($0) } ?? .none
        default: self = .none
        }
    }

    var json: JSONValue {
        switch self {
        case .none: ["driver": "none"]
        case .files(let files): files.json
        case .journal(let fields, let mayLose):
            [
                "driver": "journald", "fields": Self.object(fields), "mayLose": .bool(mayLose),
            ]
        case .syslog(let target): target.json
        }
    }

    private static func map(_ json: JSONValue?) -> [String: String] {
        var map: [String: String] = [:]
        for member in json?.object?.members ?? [] { map[member.name] = member.value.string }
        return map
    }

    fileprivate static func object(_ map: [String: String]) -> JSONValue {
        let members = map.sorted { $0.key < $1.key }
        return .object(JSONObject(members.map { .init($0.key, .string($0.value)) }))
    }
}

extension LogFiles {
    fileprivate init(_ json: JSONValue?, _ format: LogFormat) {
        self.init(
            path: json?["path"]?.string ?? "", format: format,
            maxSizeInBytes: json?["maxSizeInBytes"]?.number?.integer() ?? 0,
            maxFiles: json?["maxFiles"]?.int ?? 1, compressor: json?["compressor"]?.string)
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "path": .string(path), "maxSizeInBytes": .number(JSONNumber(maxSizeInBytes)),
            "maxFiles": .number(JSONNumber(maxFiles)),
        ]
        object["compressor"] = compressor.map { .string($0) }
        switch format {
        case .json(let attributes):
            object["driver"] = "json-file"
            if !attributes.isEmpty { object["attributes"] = LogDestination.object(attributes) }
        case .compact: object["driver"] = "local"
        }
        return .object(object)
    }
}

extension SyslogTarget {
    fileprivate init?(_ json: JSONValue) {
        let transport: Transport
        let port: UInt16 = json["port"]?.number?.integer() ?? 514
        switch (json["transport"]?.string, json["address"]?.string) {
        case ("local", let address?): transport = .local(path: address)
        case ("udp", let address?): transport = .udp(address: address, port: port)
        case ("tcp", let address?): transport = .tcp(address: address, port: port)
        default: return nil
        }
        self.init(
            transport: transport,
            format: json["format"]?.string.flatMap(Format.init(rawValue:)) ?? .local,
            facility: json["facility"]?.int ?? 3, hostname: json["hostname"]?.string ?? "",
            tag: json["tag"]?.string ?? "", bufferInBytes: json["bufferInBytes"]?.int)
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "driver": "syslog", "format": .string(format.rawValue),
            "facility": .number(JSONNumber(facility)), "hostname": .string(hostname),
            "tag": .string(tag),
        ]
        object["bufferInBytes"] = bufferInBytes.map { .number(JSONNumber($0)) }
        switch transport {
        case .local(let path):
            object["transport"] = "local"
            object["address"] = .string(path)
        case .udp(let address, let port):
            object["transport"] = "udp"
            object["address"] = .string(address)
            object["port"] = .number(JSONNumber(port))
        case .tcp(let address, let port):
            object["transport"] = "tcp"
            object["address"] = .string(address)
            object["port"] = .number(JSONNumber(port))
        }
        return .object(object)
    }
}
