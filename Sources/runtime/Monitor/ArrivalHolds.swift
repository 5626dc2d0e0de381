import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// What a monitor holds for the layers of its container that have not arrived.
///
/// Another process fetches them and answers whoever reads them. The monitor shares the gate that
/// readers wait at: when that process ends too early, they wait on and read no holes, until the
/// monitor has ended the container. A pipe tells it of that end.
final class ArrivalHolds {
    private var holds: [Hold] = []
    private let mounts: [MonitorConfiguration.RootfsMount]

    /// What is shared with one process.
    private final class Hold {
        let arrival: MonitorConfiguration.Arrival
        let gate: OwnedFD
        let end: OwnedFD

        init(
            _ arrival: MonitorConfiguration.Arrival, gate: consuming OwnedFD,
            end: consuming OwnedFD
        ) {
            self.arrival = arrival
            self.gate = gate
            self.end = end
        }
    }

    /// How a process ended that fetched layers.
    enum End {
        /// All has arrived, and nobody waits at the gate any more.
        case complete
        case failed(Problem)
    }

    /// Takes hold of the processes that fetch the layers of a container.
    init(_ configuration: MonitorConfiguration) throws(Problem) {
        mounts = configuration.mounts
        for arrival in mounts.flatMap(\.arrivals) where !isHeld(arrival.process) {
            // One that has ended has brought everything, or else the mount finds nothing.
            if let hold = try Self.hold(arrival) { holds.append(hold) }
        }
    }

    private func isHeld(_ process: Int32) -> Bool {
        holds.contains { $0.arrival.process == process }
    }

    private static func hold(_ arrival: MonitorConfiguration.Arrival) throws(Problem) -> Hold? {
        do throws(SystemCallError) {
            let process = try ChildProcess(opening: arrival.process)
            // The number may be another process's by now; and an opened one stays what it is.
            guard try processStartTime(arrival.process) == arrival.startTime else { return nil }
            return Hold(
                arrival, gate: try process.duplicate(descriptor: arrival.gate),
                end: try process.duplicate(descriptor: arrival.end))
        } catch  where error.errno == .noSuchProcess {
            return nil
        } catch {
            throw Problem(
                kind: .unavailable,
                what: "cannot share in the arrival of the layer at \(arrival.files)",
                why: "\(error)", fix: "pull the image first: kade pull", cause: error)
        }
    }

    /// The mounts of the container, with the place where each layer is now.
    ///
    /// - Parameter isSettled: whether arriving layers are looked for where they are afterwards.
    /// - Returns: the mounts in their order.
    func mounts(isSettled: Bool) -> [MonitorConfiguration.RootfsMount] {
        mounts.map { mount in
            var mount = mount
            for arrival in mount.arrivals where isSettled || !isHeld(arrival.process) {
                mount.lower = mount.lower.map { $0 == arrival.files ? arrival.settled : $0 }
            }
            return mount
        }
    }

    /// Whether any layer has not arrived.
    var isEmpty: Bool { holds.isEmpty }

    /// The descriptors that tell of an end.
    var ends: [CInt] { holds.map { $0.end.rawValue } }

    /// Waits for a message, unless one of the processes fails before it comes.
    func wait(for socket: borrowing OwnedFD) throws(Problem) {
        let socket = socket.rawValue
        var pending = ends
        while !pending.isEmpty {
            let events = try explaining("cannot hear how the container starts") {
                () throws(SystemCallError) in
                try Poll.wait(for: [socket] + pending, .readable, milliseconds: nil)
            }
            guard events[0].isEmpty else { return }
            for (end, events) in zip(pending, events.dropFirst()) where !events.isEmpty {
                if !events.contains(.readable) { throw failure(of: end) }
                pending.removeAll { $0 == end }
            }
        }
    }

    /// How the process ended whose descriptor told of it; nil while it goes on.
    func end(of descriptor: CInt) throws(Problem) -> End? {
        let events = try explaining("cannot learn how an image arrives") {
            () throws(SystemCallError) in
            try Poll.wait(for: [descriptor], .readable, milliseconds: 0)
        }
        if events[0].contains(.readable) {
            holds.removeAll { $0.end.rawValue == descriptor }
            return .complete
        }
        return events[0].contains(.hangUp) ? .failed(failure(of: descriptor)) : nil
    }

    /// Why layers of a process will never be whole.
    private func failure(of descriptor: CInt) -> Problem {
        let arrival = holds.first { $0.end.rawValue == descriptor }?.arrival
        let note = arrival.map {
            FilePath($0.files).removingLastComponent().appending("failure")
        }
        let reason = note.flatMap { try? File.readText($0) }  // where it could still say it
        return Problem(
            kind: .unavailable, what: "the container cannot go on: its image did not arrive whole",
            why: reason ?? "the process that fetched it (\(arrival?.process ?? 0)) ended",
            fix: "pull the image first: kade pull")
    }
}
