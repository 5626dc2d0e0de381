import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension StepFiles {
    /// Runs a program on the files, as a container that nobody else sees.
    ///
    /// - Parameters:
    ///   - request: what the container shall be; its image and name do not matter.
    ///   - interruption: a descriptor that becomes readable when the program is to be killed.
    ///   - output: is given what the program writes.
    /// - Returns: the program's exit code.
    /// - Throws: what kept it from starting; `.unavailable` when it was interrupted.
    package func run(
        _ request: ContainerRequest, interruption: CInt?, output: ([UInt8]) -> Void
    ) throws(Problem) -> Int32 {
        try request.validate(on: context.specHost())
        var request = request
        try context.chooseNetworks(of: &request)
        request.network.attachments = try lease(request)
        defer { release() }
        let record = ContainerRecord(
            id: id, name: "build", image: request.image, imageID: "", created: .now,
            request: request, layers: layers.map(\.description))
        let waiting = try context.startMonitor(of: id, request)
        var steps = StepRecorder(for: context.configuration)
        try context.prepareBundle(
            of: record, isListed: false, restartCount: 0, recording: &steps)
        let session = try context.monitor(waiting, withBridgesOf: record, recording: &steps)
        try session.send(ClientMessage.attach([.standardOutput, .standardError]))
        defer { removeRuntimeState() }
        return try session.follow(interruption: interruption, output: output)
    }

    /// Gives the program an address on its network.
    ///
    /// - Returns: the network.
    private func lease(_ request: ContainerRequest) throws(Problem) -> [NetworkAttachment] {
        guard let attachment = request.network.attachments?.first else { return [] }
        try context.database.write { database throws(Problem) in
            try database.lease(
                attachment, on: try database.network(attachment.network), toStep: id)
        }
        return [attachment]
    }

    private func release() {
        // Best effort: what is left, `ps` removes with the directory.
        try? context.database.write { database throws(Problem) in
            try database.delete(endpointsOfStep: id)
        }
    }

    private func removeRuntimeState() {
        // Best effort: what is left, `ps` removes with the directory.
        try? context.removeRuntimeState(of: id)
        try? context.leavePluginNetworks(of: id)
    }
}

extension ContainerSession {
    /// Hands on a program's output to its end.
    fileprivate func follow(
        interruption: CInt?, output: ([UInt8]) -> Void
    ) throws(Problem) -> Int32 {
        var isInterrupted = false
        var code: Int32?
        while true {
            if let interruption, !isInterrupted, try isReadableFirst(interruption) {
                isInterrupted = true
                try send(.signal(Signal.kill.rawValue))
            }
            // Its mounts are gone when the monitor is: so wait for that, too.
            guard let event = try receive() else { break }
            switch event {
            case .started, .checked, .networkChanged: continue
            case .output(let bytes), .error(let bytes): output(bytes)
            case .exited(let number): code = number
            case .failed(let problem): throw problem
            }
        }
        if isInterrupted {
            throw Problem(
                kind: .unavailable, what: "the build was interrupted",
                why: "a signal asked for its end")
        }
        guard let code else {
            throw Problem(
                kind: .bug, what: "cannot run the instruction's program",
                why: "its monitor ended without a word")
        }
        return code
    }

    /// Waits until the session or the other descriptor is readable; true for the other one.
    private func isReadableFirst(_ other: CInt) throws(Problem) -> Bool {
        let ready = try explaining("cannot wait for the instruction's program") {
            () throws(SystemCallError) in
            try Poll.wait(for: [descriptor, other], .readable, milliseconds: -1)
        }
        return !ready[1].isEmpty
    }
}
