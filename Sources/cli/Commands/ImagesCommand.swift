import Diagnostics
import Engine

/// `kade images`: the images of the store.
struct ImagesCommand: Command {
    var showsAll = false
    var showsDigests = false
    var filters: [Label] = []
    var format: String?
    var isWhole = false
    var isQuiet = false
    var reference: String?

    static var grammar: Grammar<ImagesCommand> {
        Grammar(
            name: "images", synopsis: "[OPTIONS] [REPOSITORY[:TAG]]", summary: "List images",
            flags: [
                // Intermediate images are Docker's: every image of Kade is shown anyway.
                .switch("all", "a", "Show all images (Kade hides none)", \.showsAll),
                .switch("digests", nil, "Show digests", \.showsDigests),
                .list(
                    "filter", "f", "filter", "Filter output based on conditions provided",
                    \.filters, FilterFlag.parse),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch("no-trunc", nil, "Don't truncate output", \.isWhole),
                .switch("quiet", "q", "Only show image IDs", \.isQuiet),
                .unsupported(
                    "tree", nil, nil, why: "this version of Kade does not list images as a tree"),
            ], operands: .atMost(1), operandKind: .images, assign: { $0.reference = $1.first })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var conditions = filters.map { (key: $0.key, value: $0.value) }
        if let reference { conditions.append((key: "reference", value: reference)) }
        let images = try session.engine().images.list(matching: conditions)
        if isQuiet && format == nil {
            let ids = images.map { isWhole ? $0.id : Table.shortID($0.id) }
            try session.output.write(ids.map { "\($0)\n" }.joined())
            return .success
        }
        let listing = ImageListing(isWhole: isWhole, showsDigests: showsDigests, now: .now)
            .listing(of: images)
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }
}
