import Diagnostics
import Storage
import SystemPackage

extension StepPlan {
    /// The image store as it would be by now; what would change in it is noted.
    var storeDraft: StoreDraft {
        StoreDraft(of: storeContent) { change in self.note(.change(change), by: .engine) }
    }
}

/// The steps of images and registries, in words.
extension Explanation {
    fileprivate static func change(_ change: StoreChange) -> Explanation {
        switch change {
        case .references(let file, let new, let gone):
            let words = new.map { "+ \($0)" } + gone.map { "- \($0)" }
            return Explanation(
                shell: "cat > \(file)", why: words.joined(separator: "; "), spec: "images")
        case .write(let path):
            return Explanation(
                shell: "cat > \(path)", why: "content by its digest, in the image store",
                spec: "images")
        case .remove(let path):
            return Explanation(
                shell: "rm \(path)", why: "no image, build or transfer needs it any more",
                spec: "images")
        case .removeLayer(let path):
            return Explanation(
                shell: "umount -l \(path)/diff; rm -rf --one-file-system \(path)",
                why: "no image and no container has this layer any more", spec: "images")
        }
    }

    static func runServer(_ command: [String], _ why: String) -> Explanation {
        Explanation(
            shell: command.joined(separator: " "), why: why,
            spec: command.dropFirst().first ?? "kade-server")
    }

    static func mountImage(_ command: String, at path: FilePath) -> Explanation {
        Explanation(
            shell: "mkdir -p \(path); \(command) \(path)",
            why: "the image's files, read-only, for everybody who looks there", spec: "image mount")
    }

    static func unmountImage(_ path: FilePath, isLazy: Bool) -> Explanation {
        Explanation(
            shell: "umount \(isLazy ? "-l " : "")\(path)/rootfs; rm -r \(path)",
            why: "its layers may go with the image", spec: "image unmount")
    }

    static func download(_ address: String) -> Explanation {
        Explanation(
            shell: "curl \(address)", why: "the archive of the root file system", spec: "import")
    }
}
