package import Diagnostics
import SystemPackage

/// How the roots of containers, and of a build's steps, are made of layers.
package enum StorageDriver: String, Sendable {
    /// An overlay of the layers and of what is written: the kernel's overlayfs.
    case overlay
    /// A copy of the layers.
    case vfs

    /// Docker's name of it.
    package var dockerName: String { self == .overlay ? "overlay2" : rawValue }

    /// How it is to be chosen; what was made before stays as it is.
    package enum Choice: String, Sendable, CaseIterable {
        case overlay
        case vfs
        /// An overlay where a trial shows that it can be, else a copy.
        case auto

        /// The environment variable that sets it.
        package static let variable = "KADE_STORAGE_DRIVER"

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
                    why: "there is no such storage driver",
                    fix: "give one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            self = choice
        }

        /// What the choice means on this machine.
        ///
        /// - Parameters:
        ///   - directory: a directory of the data root, where an overlay is tried.
        ///   - notesTrial: whether one that worked is noted there.
        /// - Returns: how a new root is to be made.
        /// - Throws: what keeps the trial from being made, such as a full disk.
        func driver(
            in directory: FilePath, notesTrial: Bool
        ) throws(Problem) -> StorageDriver {
            switch self {
            case .overlay: .overlay
            case .vfs: .vfs
            case .auto:
                try OverlayProbe.rememberedObstacle(in: directory, isNoted: notesTrial) == nil
                    ? .overlay : .vfs
            }
        }
    }
}
