import Diagnostics
import Engine
import OCI
import Storage

extension ImageBuild {
    /// An image to begin with or to take files from; pulled where it is missing.
    ///
    /// Its layers stay until the build ends.
    func baseImage(
        _ image: String, platform: Platform?, _ step: StepName
    ) throws(Problem) -> BaseImage {
        var image = image
        switch request.context(named: image) {
        case .image(let other)?: image = other
        case .layout(let layout)? where request.plan != nil:
            throw Self.unplanned("\(layout.directory)", fix: "kade load -i \(layout.directory)")
        case .layout(let layout)?:
            try admit(source: "oci-layout://\(layout.directory)")
            let base = try layoutImages.image(of: layout, platform, in: self, step)
            note(base, named: "oci-layout/\(layout.name ?? "latest")", platform: platform)
            return base
        case .directory?:
            throw Problem(
                kind: .unsupported, what: "cannot begin with the context \(image)",
                why: "it is a directory, and this version of Kade begins with images",
                fix: "begin with scratch, and COPY --from=\(image)")
        case nil: break
        }
        image = try admitted(image: image)
        if request.plan != nil, request.pull == .always {
            throw Self.unplanned(image, fix: "leave --pull out, and kade pull \(image)")
        }
        if request.pull == .always, try !engine.steps.hasImage(wholeID: image) {
            try pull(image, platform, step)
        }
        let found = try find(image, platform, step)
        // Asked for first and looked at afterwards: what is there then stays.
        try protect(
            found.configuration.rootfs.diffIDs + found.manifest.layers.map(\.digest)
                + [found.manifest.config.digest])
        let base = try engine.steps.image(named: image, platform: platform)
        note(base, named: image, platform: platform)
        return base
    }

    /// Keeps in mind that the build is made of the image.
    private func note(_ base: BaseImage, named image: String, platform: Platform?) {
        // A text that is no reference is an ID, which is its own name.
        let reference = base.name.flatMap { try? ImageReference(parsing: $0) }
        let address = reference.map {
            PackageAddress.image($0, platform: platform ?? request.platform ?? .host)
        }
        materials.add(
            .init(
                address: address ?? "pkg:docker/\(image)", algorithm: base.digest.algorithm,
                digest: base.digest.encoded))
    }

    /// Why a build cannot be planned whose base image is not here.
    private static func unplanned(_ image: String, fix: String) -> Problem {
        Problem(
            kind: .unavailable, what: "cannot plan a build from \(image)",
            why: "the image would be fetched first, and the steps depend on what is in it",
            fix: fix)
    }

    private func find(
        _ image: String, _ platform: Platform?, _ step: StepName
    ) throws(Problem) -> BaseImage {
        do throws(Problem) {
            return try engine.steps.image(named: image, platform: platform)
        } catch  where error.kind == .notFound && request.pull != .never {
            guard request.plan == nil else {
                throw Self.unplanned(image, fix: "kade pull \(image)")
            }
            try pull(image, platform, step)
            return try engine.steps.image(named: image, platform: platform)
        }
    }

    private func pull(
        _ image: String, _ platform: Platform?, _ step: StepName
    ) throws(Problem) {
        try engine.images.pull(
            image, platform: platform.map(\.description), allTags: false
        ) { event in report(.transfer(step, event)) }
    }
}
