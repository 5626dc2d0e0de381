package import Diagnostics
package import SystemPackage

/// How new layers are to be kept; what is there stays as it is.
package enum SnapshotterChoice: String, Sendable, CaseIterable {
    /// Unpacked.
    case directory
    /// As EROFS images; an error where that cannot be.
    case erofs
    /// As EROFS images where that can be, else unpacked.
    case auto

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
    /// - Throws: `.unsupported` when EROFS is demanded and cannot be.
    package func kind(in directory: FilePath) throws(Problem) -> LayerRecord.Kind {
        guard self != .directory else { return .directory }
        guard let obstacle = ErofsProbe.rememberedObstacle(in: directory) else { return .erofs }
        guard self == .erofs else { return .directory }
        throw Problem(
            kind: .unsupported, what: "cannot keep layers as EROFS images in \(directory)",
            why: obstacle,
            fix: "use \(Self.variable)=auto, or Linux 6.12 or later, as root, and ext4 or XFS")
    }
}
