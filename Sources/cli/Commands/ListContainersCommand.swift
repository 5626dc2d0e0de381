import Diagnostics
import Engine

/// `kade ps`: the containers that run, or all of them.
struct ListContainersCommand: Command {
    var showsAll = false
    var filters: [Label] = []
    var format: String?
    var last: Int?
    var showsLatest = false
    var isWhole = false
    var isQuiet = false
    var showsSize = false

    static var grammar: Grammar<ListContainersCommand> {
        Grammar(
            name: "ps", synopsis: "[OPTIONS]", summary: "List containers",
            flags: [
                .switch("all", "a", "Show all containers (default shows just running)", \.showsAll),
                .list(
                    "filter", "f", "filter", "Filter output based on conditions provided",
                    \.filters, FilterFlag.parse),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .value(
                    "last", "n", "int", "Show n last created containers (includes all states)",
                    \.last, NumberValue.parseInt),
                .switch(
                    "latest", "l", "Show the latest created container (includes all states)",
                    \.showsLatest),
                .switch("no-trunc", nil, "Don't truncate output", \.isWhole),
                .switch("quiet", "q", "Only display container IDs", \.isQuiet),
                .switch("size", "s", "Display total file sizes", \.showsSize),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var filter = ContainerFilter()
        filter.includesStopped = showsAll
        filter.last = showsLatest ? 1 : last.flatMap { $0 > 0 ? $0 : nil }
        // A template that shows the size asks for it, as in Docker.
        filter.includesSize =
            showsSize || (format ?? "").split(separator: ".").contains { $0.hasPrefix("Size") }
        filter.conditions = filters.map { ($0.key, $0.value) }
        let containers = try session.engine().containers.list(filter)
        if isQuiet && format == nil {
            let ids = containers.map { isWhole ? $0.id : Table.shortID($0.id) }
            try session.output.write(ids.map { "\($0)\n" }.joined())
            return .success
        }
        let listing = ContainerListing(isWhole: isWhole, showsSize: showsSize, now: .now)
            .listing(of: containers)
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }
}
