import ContainerRuntime
package import Diagnostics
package import Linux
import OCI
import Storage
import SystemPackage

extension ContainerService {
    /// Writes a container's files as a tar archive; what volumes and other mounts show is not in it.
    ///
    /// - Parameters:
    ///   - name: the container, in whatever state.
    ///   - output: a file or pipe, written from its offset.
    /// - Returns: what the archive leaves out.
    /// - Throws: `.unsupported` for the image `host`; what the kernel refuses.
    package func export(
        _ name: String, to output: borrowing OwnedFD
    ) throws(Problem) -> ArchiveGaps {
        let record = try context.record(of: name)
        let files = try context.ownFiles(of: record, for: "export")
        var gaps = ArchiveGaps()
        try context.whilePresent(record) { () throws(Problem) in
            try ContentHelper(configuration: context.configuration).run(
                ["export"] + context.writtenOwnerFlags(of: record, files)
                    + files.layers.map(\.string),
                input: nil, file: output.rawValue,
                what: "cannot export \(name)"
            ) { line in gaps = ArchiveGaps(line) ?? gaps }
        }
        context.tell(.export, of: record)
        return gaps
    }
}

/// What of a container's files an archive could not hold.
package struct ArchiveGaps: Sendable, Equatable {
    package var skippedSockets = 0
    package var skippedAttributes = 0
    /// Files that became shorter while they were read.
    package var shortenedFiles = 0

    init() {}

    /// Reads the helper's event; nil when a line is another one.
    init?(_ line: JSONValue) {
        guard line["event"]?.string == "archive" else { return nil }
        skippedSockets = line["skippedSockets"]?.int ?? 0
        skippedAttributes = line["skippedAttributes"]?.int ?? 0
        shortenedFiles = line["shortenedFiles"]?.int ?? 0
    }

    /// A sentence for each thing that is not as it was.
    package var sentences: [String] {
        var sentences: [String] = []
        if skippedSockets > 0 {
            sentences.append("\(skippedSockets) sockets are left out: archives cannot hold them")
        }
        if skippedAttributes > 0 {
            sentences.append(
                "\(skippedAttributes) attributes are left out: archives cannot hold their names")
        }
        if shortenedFiles > 0 {
            sentences.append(
                "\(shortenedFiles) files became shorter meanwhile; zeros stand for the rest")
        }
        return sentences
    }
}

extension EngineContext {
    /// The flags of `kade-server` for layers in which owners have the numbers of the outside.
    ///
    /// Where the kernel maps owners a container's layers have those of the inside.
    func writtenOwnerFlags(
        of record: ContainerRecord, _ files: Snapshot
    ) throws(Problem) -> [String] {
        if case .overlay = files, try !isRootless() { return [] }
        return record.request.namespaces.userMaps?.helperFlags ?? []
    }

    /// The files of a container's root that an archive is made of.
    ///
    /// - Throws: `.unsupported` for the image `host`, whose files are the machine's own.
    func ownFiles(
        of record: ContainerRecord, for verb: String
    ) throws(Problem) -> Snapshot {
        try showLayers(of: record)
        guard record.imageID != HostImage.name, let files = try snapshots(of: record).first else {
            throw Problem(
                kind: .unsupported, what: "cannot \(verb) container \(record.name)",
                why: "its image is \"host\": its files are this machine's own",
                fix: "kade diff \(record.name) lists what it changed")
        }
        if record.request.rootfs != nil, verb != "export" {
            throw RootfsDirectory.refusal(verb, record)
        }
        return files
    }
}

extension Snapshot {
    /// The flags of `kade-server` that say where what was written is.
    var changeFlags: [String] {
        switch self {
        case .overlay(let overlay): overlay.upper.map { ["--upper", $0.string] } ?? []
        case .copy(let copy): ["--copy", copy.root.string]
        }
    }
}
