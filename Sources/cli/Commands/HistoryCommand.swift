import Diagnostics
import Engine
import OCI

/// `kade history`: what made an image.
struct HistoryCommand: Command {
    var format: String?
    var isHuman = true
    var isWhole = false
    var isQuiet = false
    var platform: String?
    var name = ""

    static var grammar: Grammar<HistoryCommand> {
        Grammar(
            name: "history", synopsis: "[OPTIONS] IMAGE", summary: "Show the history of an image",
            flags: [
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch(
                    "human", "H", "Print sizes and dates in human readable format", \.isHuman),
                .switch("no-trunc", nil, "Don't truncate output", \.isWhole),
                .text(
                    "platform", nil, "string", "Show the history of the given platform",
                    \.platform),
                .switch("quiet", "q", "Only show image IDs", \.isQuiet),
            ], operands: .exactly(1), operandKind: .images, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let steps = try session.engine().images.history(of: name, platform: platform)
        let listing = HistoryListing(isWhole: isWhole, isHuman: isHuman, now: .now)
        if isQuiet && format == nil {
            try session.output.write(steps.map { "\(listing.id(of: $0))\n" }.joined())
            return .success
        }
        try session.output.write(listing.listing(of: steps).text(in: try Format(format)))
        return .success
    }
}

/// The rows of `history`, as Docker's formatter has them (docker/cli, formatter/history.go).
struct HistoryListing {
    /// `--no-trunc`: IDs and commands are whole.
    let isWhole: Bool
    /// `--human`: sizes and times are for people.
    let isHuman: Bool
    let now: Timestamp

    func listing(of steps: [HistoryStep]) -> Listing {
        Listing(
            columns: [
                .init(member: "ID", title: "IMAGE"),
                .init(member: "CreatedSince", title: "CREATED"),
                .init(member: "CreatedBy", title: "CREATED BY"),
                .init(member: "Size", title: "SIZE"), .init(member: "Comment", title: "COMMENT"),
            ], titles: Self.titles, rows: steps.map(row))
    }

    func id(of step: HistoryStep) -> String {
        isWhole || step.id == "<missing>" ? step.id : Table.shortID(step.id)
    }

    private func row(_ step: HistoryStep) -> JSONObject {
        let text = String(step.createdBy.map { $0 == "\t" ? " " : $0 })
        let at = step.created.map(\.rfc3339) ?? "N/A"
        return [
            "Comment": .string(step.comment),
            "CreatedAt": .string(at),
            "CreatedBy": .string(isWhole ? text : Table.ellipsis(text, 45)),
            "CreatedSince": .string(isHuman ? HumanUnits.ago(step.created, now: now) : at),
            "ID": .string(id(of: step)),
            "Size": .string(
                isHuman ? HumanUnits.size(step.sizeInBytes, digits: 3) : "\(step.sizeInBytes)"),
        ]
    }

    private static let titles: JSONObject = [
        "Comment": "COMMENT", "CreatedAt": "CREATED AT", "CreatedBy": "CREATED BY",
        "CreatedSince": "CREATED", "ID": "IMAGE", "Size": "SIZE",
    ]
}
