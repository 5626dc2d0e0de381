import Diagnostics
import Engine
import OCI
import Storage
import Synchronization
import SystemPackage

/// The images of OCI layouts that a build begins with; they get no names in the store.
final class LayoutImages: Sendable {
    private let known = Mutex<[String: BaseImage]>([:])

    /// An image of a layout, taken into the store when it is first asked for.
    ///
    /// What the build uses of it stays to the build's end.
    func image(
        of layout: NamedContext.LayoutImage, _ platform: Platform?, in build: ImageBuild,
        _ step: StepName
    ) throws(Problem) -> BaseImage {
        let key = "\(layout.directory) \(layout.name ?? "") \(platform.map { "\($0)" } ?? "")"
        // One thread at a time: the entry that keeps the image until it is protected is one, too.
        return try known.withLock { known throws(Problem) in
            if let image = known[key] { return image }
            let image = try Self.load(layout, platform, in: build, step)
            known[key] = image
            return image
        }
    }

    private static func load(
        _ layout: NamedContext.LayoutImage, _ platform: Platform?, in build: ImageBuild,
        _ step: StepName
    ) throws(Problem) -> BaseImage {
        let references = build.store.references
        let before = Set(try references.list().map(\.descriptor.digest))
        let digest = try build.engine.images.load(
            layout.name, ofLayout: layout.directory, platform: platform
        ) { event in build.report(.transfer(step, event)) }
        let image = try build.engine.steps.image(named: "\(digest)", platform: platform)
        try build.protect(
            image.configuration.rootfs.diffIDs + image.manifest.layers.map(\.digest)
                + [image.manifest.config.digest])
        if !before.contains(digest) { try references.removeNameless(digest) }
        return image
    }
}
