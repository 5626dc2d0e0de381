package import Diagnostics
import Linux

// A container whose way out is pasta(1).
extension NetworkSandbox {
    /// Starts pasta where it is wanted and does not run, with these ports, and ends it where it is not.
    ///
    /// pasta cannot change its ports: with others it starts anew, and connections end.
    func runPasta(_ setup: NetworkSetup) throws(Problem) {
        let wasPublished = current.ports
        guard let wanted = setup.pasta else {
            guard pasta != nil else { return }
            return try noting(.endPasta) { () throws(Problem) in endPasta() }
        }
        if try isPastaAlive() {
            guard setup.ports != wasPublished else { return }
            endPasta()
        }
        // The words come afterwards: the kernel may have chosen ports.
        try noting(.runPasta(wanted, ports.isEmpty ? setup.ports.map(\.expected) : ports)) {
            () throws(Problem) in
            // pasta takes them itself.
            ports = try Self.reservation(for: setup.ports).ports
            pasta = try PastaProcess.start(wanted, namespace: namespace, ports: ports)
        }
    }

    /// Makes again what others have ended: pasta, or what plugins made.
    package func revive() throws(Problem) {
        try runPasta(current)
        try checkPlugins()
    }

    private func isPastaAlive() throws(Problem) -> Bool {
        guard pasta != nil else { return false }
        return try explaining("cannot ask about pasta") { () throws(SystemCallError) in
            try pasta?.isAlive ?? false
        }
    }

    /// Ends pasta, if it is the container's way out.
    func endPasta() {
        guard pasta != nil else { return }
        pasta.take()?.end()
        ports = []
    }

    /// The ports of the host that somebody else leads to the container, whose address that one
    /// knows: free ones.
    static func reservation(for specs: [PortSpec]) throws(Problem) -> PortReservation {
        var reservation = PortReservation()
        for spec in specs {
            let version = spec.hostAddress?.version ?? .v4
            let address = version == .v4 ? IPAddress.v4(.unspecified) : .v6(.unspecified)
            try reservation.take(spec, for: [version: address])
        }
        return reservation
    }
}
