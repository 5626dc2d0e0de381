import ContainerRuntime
import Diagnostics
import Engine
import OCI

/// `kade events`: what happens to containers, images, networks and volumes.
struct EventsCommand: Command {
    var filters: [Label] = []
    var format: String?
    var since: TimeFlag?
    var until: TimeFlag?

    static var grammar: Grammar<EventsCommand> {
        Grammar(
            name: "events", synopsis: "[OPTIONS]", summary: "Get real time events from Kade",
            discussion: """
                Every command and every container's monitor appends what happened to a log in the
                data root, which holds the last eight megabytes. With --since or --until that log
                is replayed; without an --until in the past the command goes on until it is
                interrupted.
                """,
            flags: [
                .list(
                    "filter", "f", "filter", "Filter output based on conditions provided",
                    \.filters, FilterFlag.parse),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format),
                .value(
                    "since", nil, "string", "Show all events created since timestamp", \.since,
                    TimeFlag.parse),
                .value(
                    "until", nil, "string", "Stream events until this timestamp", \.until,
                    TimeFlag.parse),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let now = Timestamp.now
        var query = EventQuery()
        query.since = since?.moment(before: now)
        query.until = until?.moment(before: now)
        for filter in filters { try query.addFilter(filter.key, filter.value) }
        let objectFormat: ObjectFormat? = if let format { try ObjectFormat(format) } else { nil }
        try session.engine().system.events(query) { event throws(Problem) in
            let line =
                if let objectFormat {
                    try objectFormat.text(of: EventLine.json(of: event))
                } else {
                    EventLine.text(of: event)
                }
            try session.output.writeLine(line)
        }
        return .success
    }
}

/// One event as Docker prints it (docker/cli, command/system/events.go).
enum EventLine {
    /// `2026-01-02T03:04:05.678901234+01:00 container start ID (image=debian, name=web)`.
    static func text(of event: Event) -> String {
        let time = Timestamp(nanosecondsSinceEpoch: event.nanosecondsSinceEpoch)
        let line = "\(LocalTime.rfc3339(of: time)) \(event.kind.rawValue) \(event.action.rawValue)"
        let attributes = event.attributes.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        return attributes.isEmpty ? "\(line) \(event.id)" : "\(line) \(event.id) (\(attributes))"
    }

    /// The event with the members that only Docker's older clients know.
    static func json(of event: Event) -> JSONValue {
        var json = JSONObject()
        if event.kind == .container || event.kind == .image {
            json.append("status", .string(event.action.rawValue))
            json.append("id", .string(event.id))
            if event.kind == .container, let image = event.attributes["image"] {
                json.append("from", .string(image))
            }
        }
        let attributes = event.attributes.sorted { $0.key < $1.key }
        json.append("Type", .string(event.kind.rawValue))
        json.append("Action", .string(event.action.rawValue))
        json.append(
            "Actor",
            [
                "ID": .string(event.id),
                "Attributes": .object(
                    JSONObject(attributes.map { .init($0.key, .string($0.value)) })),
            ])
        json.append("scope", "local")
        json.append("time", .number(JSONNumber(event.nanosecondsSinceEpoch / 1_000_000_000)))
        json.append("timeNano", .number(JSONNumber(event.nanosecondsSinceEpoch)))
        return .object(json)
    }
}
