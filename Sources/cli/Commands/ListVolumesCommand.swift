import Diagnostics
import Engine
import OCI
import SystemPackage

/// `kade volume ls`: lists volumes.
struct ListVolumesCommand: Command {
    var filters: [Label] = []
    var format: String?
    var isQuiet = false

    static var grammar: Grammar<ListVolumesCommand> {
        Grammar(
            name: "ls", synopsis: "[OPTIONS]", summary: "List volumes",
            flags: [
                .list(
                    "filter", "f", "filter",
                    "Provide filter values (e.g. \"dangling=true\")", \.filters,
                    FilterFlag.parse),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch("quiet", "q", "Only display volume names", \.isQuiet),
                .unsupported(
                    "cluster", nil, nil,
                    why: "it is for the volumes of a swarm, which Kade has none of"),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var filter = VolumeFilter()
        for condition in filters {
            guard condition.key != "label!" else { throw .unknownFilter(condition) }
            filter.conditions.append((condition.key, condition.value))
        }
        let volumes = try session.engine().volumes.list(filter)
        if isQuiet && format == nil {
            try session.output.write(volumes.map { "\($0.name)\n" }.joined())
            return .success
        }
        let listing = Listing(
            columns: [
                .init(member: "Driver", title: "DRIVER"),
                .init(member: "Name", title: "VOLUME NAME"),
            ], titles: Self.titles, rows: volumes.map(row))
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }

    private func row(_ volume: VolumeSummary) -> JSONObject {
        let labels = volume.labels.sorted { $0.key < $1.key }
        return [
            "Availability": "N/A", "Driver": "local", "Group": "N/A",
            "Label": .object(JSONObject(labels.map { .init($0.key, .string($0.value)) })),
            "Labels": .string(labels.map { "\($0.key)=\($0.value)" }.joined(separator: ",")),
            "Links": "N/A", "Mountpoint": .string(volume.mountpoint.string),
            "Name": .string(volume.name), "Scope": "local", "Size": "N/A", "Status": "N/A",
        ]
    }

    private static let titles: JSONObject = [
        "Availability": "AVAILABILITY", "Driver": "DRIVER", "Group": "GROUP", "Label": "",
        "Labels": "LABELS", "Links": "LINKS", "Mountpoint": "MOUNTPOINT", "Name": "VOLUME NAME",
        "Scope": "SCOPE", "Size": "SIZE", "Status": "STATUS",
    ]
}

extension Problem {
    /// A filter that a command on volumes does not have.
    static func unknownFilter(_ condition: Label) -> Problem {
        Problem(
            kind: .invalid, what: "invalid filter '\(condition.key)=\(condition.value)'",
            why: "there is no such filter",
            fix: "filters of ls are dangling, driver, label and name, those of prune label, label! "
                + "and all")
    }
}
