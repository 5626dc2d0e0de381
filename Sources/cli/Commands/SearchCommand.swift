import Diagnostics
import Engine
import OCI

/// `kade search`: looks for images at a registry.
struct SearchCommand: Command {
    var filters: [Label] = []
    var format: String?
    var limit = 25
    var isWhole = false
    var term = ""

    static var grammar: Grammar<SearchCommand> {
        Grammar(
            name: "search", synopsis: "[OPTIONS] TERM", summary: "Search a registry for images",
            discussion: "Docker's Hub is searched, or with registry.example/WORD another registry.",
            flags: [
                .list(
                    "filter", "f", "filter", "Filter output based on conditions provided",
                    \.filters, FilterFlag.parse),
                .text("format", nil, "string", "Pretty-print search using a Go template", \.format),
                .setting(
                    "limit", nil, "int", "Max number of search results", \.limit,
                    NumberValue.parse(in: 1...100)),
                .switch("no-trunc", nil, "Don't truncate output", \.isWhole),
            ], operands: .exactly(1), assign: { $0.term = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let conditions = try filters.map { filter throws(Problem) in try Self.condition(filter) }
        let results = try session.engine().registries.search(term, limit: limit)
            .filter { result in conditions.allSatisfy { $0(result) } }
        let listing = Listing(
            columns: [
                .init(member: "Name", title: "NAME"),
                .init(member: "Description", title: "DESCRIPTION"),
                .init(member: "StarCount", title: "STARS"),
                .init(member: "IsOfficial", title: "OFFICIAL"),
            ],
            titles: [
                "Description": "DESCRIPTION", "IsAutomated": "AUTOMATED", "IsOfficial": "OFFICIAL",
                "Name": "NAME", "StarCount": "STARS",
            ], rows: results.map(row))
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }

    private func row(_ result: SearchResult) -> JSONObject {
        var description = result.description.map { $0.isNewline ? " " : $0 }
        if !isWhole, description.count > 45 { description = description.prefix(44) + ["…"] }
        return [
            "Description": .string(String(description)), "IsAutomated": "",
            "IsOfficial": .string(result.isOfficial ? "[OK]" : ""), "Name": .string(result.name),
            "StarCount": .string("\(result.stars)"),
        ]
    }

    /// `stars=3`, `is-official=true`; `is-automated` is no more, and false of all.
    private static func condition(
        _ filter: Label
    ) throws(Problem) -> (SearchResult) -> Bool {
        switch (filter.key, filter.value) {
        case ("is-official", "true"), ("is-official", "1"): return { $0.isOfficial }
        case ("is-official", "false"), ("is-official", "0"): return { !$0.isOfficial }
        case ("is-automated", "true"), ("is-automated", "1"): return { _ in false }
        case ("is-automated", "false"), ("is-automated", "0"): return { _ in true }
        case ("stars", let text):
            if let least = Int(text) { return { $0.stars >= least } }
        default: break
        }
        throw Problem(
            kind: .invalid, what: "invalid filter '\(filter.key)=\(filter.value)'",
            why: "there is no such filter, or the value is none of its",
            fix: "filters are stars, is-official and is-automated")
    }
}
