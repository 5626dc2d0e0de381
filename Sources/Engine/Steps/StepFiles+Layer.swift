package import Diagnostics
import Linux
package import OCI
import Storage
import SystemPackage

extension StepFiles {
    /// Makes a layer of what was changed; nothing may write to it any more.
    ///
    /// The blob is a plain archive, so that every machine makes the same of the same files.
    ///
    /// - Parameters:
    ///   - time: later times of files become this one, in seconds since 1970; nil leaves all as
    ///     they are.
    ///   - mountPoints: where a program had something mounted: what is empty and new there is left
    ///     out.
    /// - Returns: nil when nothing was changed.
    /// - Throws: ``Problem`` when the disk is full, or a name is none that a layer can hold.
    package func writeLayer(
        latestTimeInSeconds time: Int64?, withoutMountPoints mountPoints: Set<String>
    ) throws(Problem) -> StepLayer? {
        var arguments = ["layer", "--root", context.configuration.dataRoot.string]
        if let time { arguments += ["--latest-time", "\(time)"] }
        arguments += files.changeFlags
        for path in mountPoints.sorted() { arguments += ["--mount-point", path] }
        if !layers.isEmpty { arguments += files.lower.map(\.string) }
        return try context.makeLayer(arguments)
    }
}

extension StepService {
    /// Makes one layer of several.
    ///
    /// - Parameters:
    ///   - diffIDs: the layers, the lowest first.
    ///   - count: how many of the lowest ones stay as they are.
    ///   - time: later times of files become this one, in seconds since 1970; nil leaves all as
    ///     they are.
    /// - Returns: the layer; nil when the others come to nothing.
    /// - Throws: ``Problem`` when the disk is full.
    package func squash(
        _ diffIDs: [Digest], keeping count: Int, latestTimeInSeconds time: Int64?
    ) throws(Problem) -> StepLayer? {
        try context.restore(diffIDs, exceptArriving: false)
        let snapshots = try Snapshots(root: dataRoot)
        let base = count > 0 ? try snapshots.lower(of: Array(diffIDs.prefix(count))) : []
        var arguments = ["layer", "--root", dataRoot.string, "--base", "\(base.count)"]
        if let time { arguments += ["--latest-time", "\(time)"] }
        arguments += (base + (try snapshots.lower(of: diffIDs))).map(\.string)
        return try context.makeLayer(arguments)
    }
}

extension EngineContext {
    /// Has `kade-server` make a layer.
    fileprivate func makeLayer(_ arguments: [String]) throws(Problem) -> StepLayer? {
        var line: JSONValue?
        try ContentHelper(configuration: configuration).runWithoutFlush(
            arguments, input: nil, file: nil, what: "cannot make a layer"
        ) { answer in
            if answer["event"]?.string == "layer" { line = answer }
        }
        guard let line else {
            throw Problem(
                kind: .bug, what: "cannot make a layer", why: "kade-server ended without a result")
        }
        guard let entries = line.integer("entries"), entries > 0 else { return nil }
        return StepLayer(
            descriptor: Descriptor(
                mediaType: MediaType(rawValue: line.text("mediaType") ?? ""),
                digest: try Digest(parsing: line.text("digest") ?? ""),
                size: line.integer("size") ?? 0),
            diffID: try Digest(parsing: line.text("diffID") ?? ""))
    }
}

/// A layer that an instruction made: its blob is in the store, and it is unpacked.
package struct StepLayer: Sendable {
    package var descriptor: Descriptor
    package var diffID: Digest
}
