package import Diagnostics
import Linux
import SystemPackage

/// The elements of Kade's table that lead ports of the host to containers.
///
/// Who adds one holds the port by a ``PortReservation``: an element that is there already is what
/// somebody left who was killed.
package enum PortRules {
    /// Leads ports to a container.
    package static func add(_ ports: [PublishedPort]) throws(Problem) {
        guard !ports.isEmpty else { return }
        let what = "cannot publish \(text(ports))"
        try lead(ports, what)
        try explaining(what) { () throws(SystemCallError) in
            try ConnectionTracking.forget(ports)
        }
    }

    private static func lead(_ ports: [PublishedPort], _ what: String) throws(Problem) {
        let socket = try open(what)
        do throws(SystemCallError) {
            var batch = FilterBatch.ofKade
            batch.add(ports)
            try batch.commit(over: socket, "add ports to inet \(KadeTable.name)")
        } catch  where error.errno == .fileExists {
            try replace(ports, over: socket, what)
        } catch  where error.errno == .noSuchFileOrDirectory {
            throw Problem(
                kind: .conflict, what: what,
                why: "the table inet \(KadeTable.name) is gone: somebody flushed the rules",
                fix: "start the container again, which makes it anew", cause: error)
        } catch {
            throw Problem(what: what, refusal: error)
        }
    }

    private static func replace(
        _ ports: [PublishedPort], over socket: borrowing NetlinkSocket, _ what: String
    ) throws(Problem) {
        for port in ports {
            try explaining(what) { () throws(SystemCallError) in
                try remove(port, over: socket)
                var batch = FilterBatch.ofKade
                batch.add([port])
                try batch.commit(over: socket, "add \(port.nftElement)")
            }
        }
    }

    /// Leads ports to nobody any more; those that do not lead to the container stay.
    package static func remove(_ ports: [PublishedPort]) throws(Problem) {
        guard !ports.isEmpty else { return }
        let what = "cannot take \(text(ports)) back"
        let socket = try open(what)
        for port in ports {
            try explaining(what) { () throws(SystemCallError) in
                guard try leads(port, over: socket) else { return }
                try remove(port, over: socket)
                try ConnectionTracking.forget([port])
            }
        }
    }

    /// Whether the table leads a port to where this says.
    package static func leads(_ port: PublishedPort) throws(Problem) -> Bool {
        let what = "cannot look for port \(port.hostPort)"
        let socket = try open(what)
        return try explaining(what) { () throws(SystemCallError) in
            try leads(port, over: socket)
        }
    }

    private static func remove(
        _ port: PublishedPort, over socket: borrowing NetlinkSocket
    ) throws(SystemCallError) {
        do throws(SystemCallError) {
            var batch = FilterBatch.ofKade
            batch.remove([port])
            try batch.commit(over: socket, "remove \(port.nftElement)")
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        }
    }

    /// Whether the table leads the port to where this says.
    private static func leads(
        _ port: PublishedPort, over socket: borrowing NetlinkSocket
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            let answer = try socket.ask(port.question, "look for \(port.nftElement)")
            return port.isAnswered(by: answer)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        }
    }

    private static func open(_ what: String) throws(Problem) -> NetlinkSocket {
        try explaining(what) { () throws(SystemCallError) in try NetlinkSocket(.netfilter) }
    }

    private static func text(_ ports: [PublishedPort]) -> String {
        "ports " + ports.map { "\($0.hostPort)/\($0.transport.rawValue)" }.joined(separator: ", ")
    }
}
