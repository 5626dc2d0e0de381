import Diagnostics
import Engine

/// `kade images`: the images of the store.
struct ImagesCommand: Command {
    var showsAll = false
    var showsDigests = false
    var showsTree = false
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
                .switch("tree", nil, "List the platforms of images as a tree", \.showsTree),
            ], operands: .atMost(1), operandKind: .images, assign: { $0.reference = $1.first })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var filter = try ImageFilterFlag.filter(filters)
        if let reference { filter.conditions.append((key: "reference", value: reference)) }
        let list = try session.engine().images.list(filter)
        for image in list.damaged {
            try session.warn(
                "image \(image.name) is damaged: \(image.why); kade system check --repair mends it"
            )
        }
        let images = list.images
        guard !showsTree else { return try showTree(images, in: session) }
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

    private func showTree(
        _ images: [ImageSummary], in session: Session
    ) throws(Problem) -> ExitCode {
        guard !isQuiet, !showsDigests, !isWhole, format == nil else {
            throw Problem(
                kind: .invalid, what: "cannot list images as a tree",
                why: "--tree does not go with --quiet, --digests, --no-trunc and --format")
        }
        let platforms = try session.engine().images.platforms(images)
        try session.output.write(PlatformTree.text(of: platforms))
        return .success
    }
}
