import Diagnostics
import Engine
import OCI
import SystemPackage

/// `kade system df`: what the data root holds.
struct DiskUsageCommand: Command {
    var format: String?
    var isVerbose = false

    static var grammar: Grammar<DiskUsageCommand> {
        Grammar(
            name: "df", synopsis: "[OPTIONS]", summary: "Show disk usage of Kade",
            discussion: """
                Sizes are those on the disk, as du counts them. An image's size is that of its
                blobs and of its unpacked layers; what other images have too is its shared size.
                With --verbose the last table divides the whole data root: its sizes add up to what
                du says of it.
                """,
            flags: [
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch(
                    "verbose", "v", "Show detailed information on space usage", \.isVerbose),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let usage = try session.engine().system.diskUsage()
        let listing = DiskUsageListing(
            usage: usage, root: try session.dataRoot.string, now: .now)
        guard isVerbose else {
            try session.output.write(listing.summary.text(in: try Format(format)))
            return .success
        }
        if let format, format != "table" {
            let text = try ObjectFormat(format).text(of: listing.json)
            try session.output.writeLine(text)
        } else {
            try session.output.write(try listing.details())
        }
        return .success
    }
}

/// The tables of `system df`, as Docker's formatter has them (docker/cli, formatter/disk_usage.go).
struct DiskUsageListing {
    let usage: DiskUsage
    let root: String
    let now: Timestamp

    /// One row for each kind of thing.
    var summary: Listing {
        let titles: JSONObject = [
            "Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE",
            "Reclaimable": "RECLAIMABLE",
        ]
        return Listing(
            columns: ["Type", "TotalCount", "Active", "Size", "Reclaimable"].map { member in
                .init(member: member, title: titles[member]?.string ?? "")
            }, titles: titles,
            rows: [
                row(
                    "Images", usage.images.count, usage.images.count { $0.containers > 0 },
                    usage.imagesInBytes, usage.reclaimableImagesInBytes),
                row(
                    "Containers", usage.containers.count, usage.containers.count(where: \.isActive),
                    usage.containers.reduce(0) { $0 + $1.sizeInBytes },
                    usage.containers.reduce(0) { $0 + ($1.isActive ? 0 : $1.sizeInBytes) }),
                row(
                    "Local Volumes", usage.volumes.count, usage.volumes.count { $0.links > 0 },
                    usage.volumes.reduce(0) { $0 + $1.sizeInBytes },
                    usage.volumes.reduce(0) { $0 + ($1.links > 0 ? 0 : $1.sizeInBytes) }),
                row(
                    "Build Cache", usage.buildCache.count,
                    usage.buildCache.count(where: \.isShared),
                    usage.buildCacheInBytes, usage.buildCacheInBytes),
            ])
    }

    /// All tables of `--verbose`.
    func details() throws(Problem) -> String {
        var text = ""
        for (title, listing) in [
            ("Images space usage", images), ("Containers space usage", containers),
            ("Local Volumes space usage", volumes), ("Build cache usage", buildCache),
            ("All bytes of \(root)", parts),
        ] {
            text += "\(title):\n\n" + (try listing.text(in: .table)) + "\n"
        }
        let total = HumanUnits.size(usage.totalInBytes, digits: 4)
        return text + "Total: \(total) (\(usage.totalInBytes) bytes)\n"
    }

    /// The same for templates and programs.
    var json: JSONValue {
        .object([
            "Images": .array(images.rows.map { .object($0) }),
            "Containers": .array(containers.rows.map { .object($0) }),
            "Volumes": .array(volumes.rows.map { .object($0) }),
            "BuildCache": .array(buildCache.rows.map { .object($0) }),
            "Parts": .array(parts.rows.map { .object($0) }),
            "TotalBytes": .number(JSONNumber(usage.totalInBytes)),
        ])
    }

    private func row(
        _ type: String, _ total: Int, _ active: Int, _ size: Int64, _ reclaimable: Int64
    ) -> JSONObject {
        let share = size > 0 ? " (\(reclaimable * 100 / size)%)" : ""
        return [
            "Active": .string("\(active)"),
            "Reclaimable": .string(HumanUnits.size(reclaimable, digits: 4) + share),
            "Size": .string(HumanUnits.size(size, digits: 4)), "TotalCount": .string("\(total)"),
            "Type": .string(type),
        ]
    }

    private var images: Listing {
        listing(
            [
                ("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"),
                ("CreatedSince", "CREATED"), ("Size", "SIZE"), ("SharedSize", "SHARED SIZE"),
                ("UniqueSize", "UNIQUE SIZE"), ("Containers", "CONTAINERS"),
            ],
            usage.images.flatMap { image in
                (image.names.isEmpty ? [nil] : image.names.map { $0 }).map { name in
                    let parts = ImageNameParts(name)
                    return [
                        parts.repository, parts.tag, Table.shortID(image.id),
                        HumanUnits.ago(image.created, now: now), size(image.sizeInBytes),
                        size(image.sharedInBytes), size(image.uniqueInBytes),
                        "\(image.containers)",
                    ]
                }
            })
    }

    private var containers: Listing {
        listing(
            [
                ("ID", "CONTAINER ID"), ("Image", "IMAGE"), ("Command", "COMMAND"),
                ("LocalVolumes", "LOCAL VOLUMES"), ("Size", "SIZE"), ("RunningFor", "CREATED"),
                ("Status", "STATUS"), ("Names", "NAMES"),
            ],
            usage.containers.map { container in
                let summary = container.summary
                return [
                    Table.shortID(summary.id), summary.image,
                    "\"\(Table.ellipsis(summary.command.joined(separator: " "), 20))\"",
                    "\(summary.mounts.count { !$0.hasPrefix("/") })", size(container.sizeInBytes),
                    HumanUnits.ago(summary.created, now: now), summary.status(at: now),
                    summary.name,
                ]
            })
    }

    private var volumes: Listing {
        listing(
            [("Name", "VOLUME NAME"), ("Links", "LINKS"), ("Size", "SIZE")],
            usage.volumes.map { [$0.name, "\($0.links)", size($0.sizeInBytes)] })
    }

    private var buildCache: Listing {
        listing(
            [
                ("ID", "CACHE ID"), ("CacheType", "CACHE TYPE"), ("Size", "SIZE"),
                ("LastUsedSince", "LAST USED"), ("Shared", "SHARED"),
            ],
            usage.buildCache.map { item in
                [
                    Table.shortID(item.id), item.kind.rawValue, size(item.sizeInBytes),
                    HumanUnits.ago(item.lastUsed, now: now), "\(item.isShared)",
                ]
            })
    }

    private var parts: Listing {
        listing(
            [
                ("Part", "PART"), ("Path", "PATH"), ("Files", "FILES"), ("Size", "SIZE"),
                ("Bytes", "BYTES"), ("FreedBy", "FREED BY"),
            ],
            usage.parts.map { part in
                [
                    part.name, part.path, "\(part.files)", size(part.sizeInBytes),
                    "\(part.sizeInBytes)", part.remedy,
                ]
            })
    }

    private func size(_ bytes: Int64) -> String { HumanUnits.size(bytes, digits: 4) }

    private func listing(
        _ columns: [(member: String, title: String)], _ rows: [[String]]
    ) -> Listing {
        Listing(
            columns: columns.map { .init(member: $0.member, title: $0.title) },
            titles: JSONObject(columns.map { .init($0.member, .string($0.title)) }),
            rows: rows.map { row in
                JSONObject(
                    zip(columns, row).map { .init($0.member, .string($1)) })
            })
    }
}

/// A name of an image as the tables have it.
private struct ImageNameParts {
    var repository = "<none>"
    var tag = "<none>"

    init(_ name: String?) {
        guard let name else { return }
        // A name that another tool wrote and that is no reference is shown as it is.
        guard let reference = try? ImageReference(parsing: name) else {
            repository = name
            return
        }
        repository = reference.familiarName
        tag = reference.tag ?? "<none>"
    }
}
