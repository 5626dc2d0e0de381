import Diagnostics
import OCI
import Storage
import SystemPackage

extension ContentHelper {
    /// Unpacks those of the layers again that are not there.
    ///
    /// That is so when the machine went down before they were on the disk. Layers that are there
    /// cost no more than a look.
    ///
    /// - Parameters:
    ///   - diffIDs: the layers.
    ///   - layers: where they are.
    ///   - exceptArriving: whether those will do that can be used while they arrive.
    /// - Throws: `.notFound` when the store has no blob of one.
    func restore(
        _ diffIDs: [Digest], in layers: Layers, exceptArriving: Bool
    ) throws(Problem) {
        let missing = diffIDs.filter {
            !layers.contains($0) && !(exceptArriving && layers.arrival(of: $0) != nil)
        }
        guard let first = missing.first else { return }
        try run(
            ["restore", "--root", configuration.dataRoot.string] + missing.map(\.description),
            input: nil, file: nil, what: "cannot use the layer \(first)"
        ) { _ in }
    }

    /// Has unpacked layers written to the disk by a process that nobody waits for.
    ///
    /// Layers are whole without it as long as the machine runs; see ``Layers/flush()``.
    func flushLayers() {
        // Best effort: where it cannot be started, the next one flushes these layers too, and after
        // a sudden end of the machine they are unpacked again.
        try? startFlush()
    }

    private func startFlush() throws(Problem) {
        guard try Layers(root: configuration.dataRoot).needsFlush() else { return }
        let program = configuration.serverProgram
        let root = configuration.dataRoot.string
        let child = try SpawnedProgram(
            program, arguments: [program.string, "flush", "--detach", "--root", root],
            environment: configuration.helperEnvironment, descriptors: [-1, -1, -1],
            hasOwnSession: false)
        _ = try child.wait()
    }
}
