package import Diagnostics
import Linux
package import SystemPackage

/// How new layers are to be kept; what is there stays as it is.
package enum SnapshotterChoice: String, Sendable, CaseIterable {
    /// Unpacked.
    case directory
    /// As EROFS images; an error where that cannot be.
    case erofs
    /// As EROFS images where that can be, else unpacked.
    case auto
    /// As EROFS images of names, with every file once over all layers; an error where that cannot be.
    case composefs

    /// The environment variable that sets it.
    package static let variable = "KADE_SNAPSHOTTER"

    /// What the environment says, or the usual choice.
    ///
    /// - Throws: `.invalid` for a word that is no choice.
    package init(environment: (String) -> String?) throws(Problem) {
        guard let text = environment(Self.variable), !text.isEmpty else {
            self = .auto
            return
        }
        guard let choice = Self(rawValue: text) else {
            throw Problem(
                kind: .invalid, what: "cannot use \(Self.variable)=\(text)",
                why: "there is no such snapshotter",
                fix: "give one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = choice
    }

    /// What the choice means on this machine.
    ///
    /// - Parameter directory: where the layers are.
    /// - Returns: how a new layer is to be kept.
    /// - Throws: `.unsupported` when something is demanded that cannot be.
    package func kind(in directory: FilePath) throws(Problem) -> LayerRecord.Kind {
        let (wanted, minimum): (LayerRecord.Kind, String)
        switch self {
        case .directory: return .directory
        case .erofs, .auto: (wanted, minimum) = (.erofs, "6.12")
        case .composefs: (wanted, minimum) = (.composefs, "6.16")
        }
        guard let obstacle = wanted.rememberedObstacle(in: directory) else { return wanted }
        guard self != .auto else { return .directory }
        throw Problem(
            kind: .unsupported, what: "cannot keep layers as \(wanted.words) in \(directory)",
            why: obstacle,
            fix: "use \(Self.variable)=auto, or Linux \(minimum) or later, as root, and ext4 or XFS"
        )
    }
}

extension LayerRecord.Kind {
    /// What the layers are, for people.
    fileprivate var words: String {
        switch self {
        case .directory: "directories"
        case .erofs: "EROFS images"
        case .composefs: "EROFS images that share their files"
        }
    }

    /// What keeps layers from being kept so, but no second trial after one that worked, as long as
    /// the machine runs.
    ///
    /// That it worked is a file in the directory which names the boot.
    fileprivate func rememberedObstacle(in directory: FilePath) -> String? {
        let note = directory.appending("\(rawValue)-works")
        // Best effort: what cannot be read or noted is tried again.
        let boot = try? BootID.current()
        if let boot, (try? File.readText(note)) == boot { return nil }
        if let obstacle = obstacle(in: directory) { return obstacle }
        if let boot {
            try? File.renew(note, with: Array(boot.utf8), permissions: .ownerReadWrite)
        }
        return nil
    }

    private func obstacle(in directory: FilePath) -> String? {
        switch self {
        case .directory: nil
        case .erofs: ErofsProbe.obstacle(in: directory)
        case .composefs: ComposefsProbe.obstacle(in: directory)
        }
    }
}
