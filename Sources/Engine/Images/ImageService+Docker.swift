import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// Images of Docker's daemon, which come and go as archives.
extension ImageService {
    /// Takes an image over from Docker's daemon, under its names there.
    ///
    /// - Parameters:
    ///   - name: a reference, or the whole ID with its algorithm.
    ///   - platforms: of images for several, only these; empty for all that the daemon has.
    ///   - progress: is told of each layer.
    /// - Returns: the references (or IDs) that it has now; none in a plan.
    /// - Throws: `.notFound` when the daemon has no such image; ``Problem`` when it is not reached.
    package func load(
        fromDocker name: String, platforms: [String], progress: (TransferEvent) -> Void
    ) throws(Problem) -> [String] {
        let name = try Self.daemonName(name)
        let what = "cannot pull docker-daemon:\(name)"
        let isOnlyNoted = noteInPlan(
            "docker save \(name) | kade load",
            why: "the image gets into the store, under its names")
        guard !isOnlyNoted else { return [] }
        let archive = try StepService(context: context).temporaryFile()
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["docker-save", name], input: nil, file: archive.rawValue, what: what
        ) { _ in }
        return try load(
            ["--daemon-image", name], from: ContentHelper.standardInput,
            input: archive.rawValue, platforms: platforms, what: what, progress: progress)
    }

    /// Gives an image to Docker's daemon, under its name here.
    ///
    /// - Parameters:
    ///   - name: a reference, or the whole ID with its algorithm.
    ///   - platforms: of images for several, only these; empty for all.
    /// - Throws: `.notFound` for an image that is not here; the daemon's own words.
    package func push(toDocker name: String, platforms: [String]) throws(Problem) {
        let name = try Self.daemonName(name)
        let what = "cannot push docker-daemon:\(name)"
        let isOnlyNoted = noteInPlan(
            "kade save \(name) | docker load",
            why: "Docker's daemon gets the image, under its name")
        guard !isOnlyNoted else { return }
        let archive = try StepService(context: context).temporaryFile()
        var request = SaveRequest(names: [name], format: "docker")
        request.platforms = platforms
        try save(request, to: archive)
        try ContentHelper(configuration: context.configuration).runWithoutFlush(
            ["docker-load", name], input: nil, file: archive.rawValue, what: what
        ) { _ in }
    }

    /// Notes what is done otherwise, where there is a plan.
    ///
    /// - Returns: whether there is one, and so nothing else to do.
    private func noteInPlan(_ shell: String, why: String) -> Bool {
        guard let plan = context.plan else { return false }
        plan.note(Explanation(shell: shell, why: why, spec: "docker-daemon"), by: .engine)
        return true
    }

    /// An image's name: with a tag, since a bare one would mean all of them.
    private static func daemonName(_ text: String) throws(Problem) -> String {
        // Most references are digests by the grammar, too: "debian:12".
        if let id = try? Digest(parsing: text), id.isSupported { return text }
        return try ImageReference(parsing: text).withDefaultTag.familiar
    }
}
