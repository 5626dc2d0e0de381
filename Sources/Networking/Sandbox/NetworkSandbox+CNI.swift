package import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// A container's place on a CNI network, for as long as it has it.
final class CNIPlace {
    /// The host's ports that the plugins lead to the container, so that nobody else takes them.
    var reservation: PortReservation
    /// What was said to the plugins, and what they returned.
    var record: CNIRecord

    init(_ reservation: consuming PortReservation, _ record: CNIRecord) {
        self.reservation = reservation
        self.record = record
    }
}

// Networks that plugins make, which the monitor executes (CNI).
extension NetworkSandbox {
    /// The namespace's file for other processes, while this one lives.
    private var pathForPlugins: FilePath { FilePath("/proc/\(getpid())/fd/\(namespace.rawValue)") }

    /// The ports that plugins lead to the container.
    package var pluginPorts: [PublishedPort] {
        current.links.compactMap { places[$0.network] }.flatMap { $0.reservation.ports }
    }

    /// Has plugins connect the container.
    ///
    /// - Throws: what they refuse; the caller then calls ``disconnectByPlugins(from:)``.
    func connect(_ link: ContainerLink, byPluginsOf attachment: CNIAttachment) throws(Problem) {
        var attachment = attachment
        try attachment.checkPlugins()
        try takeBackEarlier(link)
        try attachment.checkStatus()
        let reservation = try Self.reservation(for: attachment.ports)
        if !reservation.ports.isEmpty {
            attachment.capabilities["portMappings"] = .array(reservation.ports.map(\.cniMapping))
        }
        let place = CNIPlace(reservation, CNIRecord(attachment, nil))
        places[link.network] = place
        try place.record.write(in: records(), of: link.network)
        let result = try attachment.add(namespace: pathForPlugins)
        place.record.result = result
        try place.record.write(in: records(), of: link.network)
        try attachment.check(result)
        var addresses: [IPVersion: IPAddress] = [:]
        for address in result.addresses where addresses[address.address.version] == nil {
            addresses[address.address.version] = address.address
        }
        place.reservation.redirect(to: addresses)
    }

    /// Disconnects what an earlier attempt has left, which plugins refused to take back then: they
    /// would refuse to add to it.
    private func takeBackEarlier(_ link: ContainerLink) throws(Problem) {
        do throws(Problem) {
            try disconnectByPlugins(from: link.network)
        } catch {
            var problem = error
            problem.what = "cannot connect the container to network \(link.networkName)"
            problem.why =
                "an earlier attempt has failed, and what it left cannot be taken back: \(error.why)"
            problem.fix =
                "correct what the plugin complains of, and try again; it is asked again when the "
                + "container ends, too"
            throw problem
        }
    }

    /// Has plugins disconnect the container, however far its connection has come.
    ///
    /// - Throws: what they refuse; the record stays then, for the next command.
    func disconnectByPlugins(from network: String) throws(Problem) {
        guard let record = places[network]?.record else { return }
        if try CNIRecord(in: records(), of: network) != nil {
            try record.attachment.delete(
                namespace: pathForPlugins, after: record.result?.json, pastRefusals: false)
            try CNIRecord.remove(in: records(), of: network)
        }
        places[network] = nil
    }

    /// Takes the container off a network of plugins for good.
    ///
    /// What they refuse to take back stays, and nobody asks them again. The device goes with them or
    /// without.
    func abandonPlugins(of network: String) throws(Problem) {
        guard let record = places[network]?.record else { return }
        // What they refuse the engine knows: it has asked without force first.
        try? record.attachment.delete(
            namespace: pathForPlugins, after: record.result?.json, pastRefusals: true)
        if try CNIRecord(in: records(), of: network) != nil {
            try CNIRecord.remove(in: records(), of: network)
        }
        places[network] = nil
        try removeDevice(record.attachment.interface)
    }

    /// Removes a device of the container, where it is there still.
    private func removeDevice(_ name: String) throws(Problem) {
        try explaining("cannot remove the container's \(name)") { () throws(SystemCallError) in
            guard let link = try inside.link(named: name) else { return }
            try inside.socket.request(LinkMessage.remove(link.index), "remove \(name)")
        }
    }

    /// Connects the container anew where plugins say that something is not as it was.
    func checkPlugins() throws(Problem) {
        for link in current.links {
            guard case .cni(let attachment) = link.attachment, attachment.isCheckable,
                let record = places[link.network]?.record, let result = record.result
            else { continue }
            do throws(Problem) {
                try record.attachment.check(namespace: pathForPlugins, after: result.json)
            } catch {
                try disconnectByPlugins(from: link.network)
                try connect(link, byPluginsOf: attachment)
                try completeFiles()
            }
        }
    }

    /// Disconnects the container from all networks of plugins, at its end.
    ///
    /// - Returns: what they refuse.
    func leavePlugins() -> [Problem] {
        var problems: [Problem] = []
        // One that failed half-way is no link any more.
        for network in places.keys.sorted() {
            do throws(Problem) {
                try disconnectByPlugins(from: network)
            } catch {
                problems.append(error)
            }
        }
        return problems
    }

    /// Writes into the container's files what plugins have given it; a container that begins alone
    /// needs that, of others the engine does it.
    package func completeFiles() throws(Problem) {
        try current.cni?.completeFiles(
            with: current.links.compactMap { places[$0.network]?.record.result },
            besides: current.links.flatMap(\.addresses).map(\.address))
    }

    private func records() throws(Problem) -> FilePath {
        guard let directory = cniRecords else {
            throw Problem(
                kind: .corrupt, what: "cannot note the container's CNI networks",
                why: "network.json does not say where", fix: "start the container again")
        }
        return directory
    }
}

extension CNIAttachment {
    /// Refuses a result that is not what was asked for: plugins may pass over what they do not know.
    fileprivate func check(_ result: CNIResult) throws(Problem) {
        let what = "cannot connect the container to network \(network.name)"
        let given = result.addresses.map(\.address)
        if let missing = addresses.first(where: { !given.contains($0) }) {
            throw Problem(
                kind: .unsupported, what: what,
                why: "its plugins gave the container not \(missing), but "
                    + (given.isEmpty
                        ? "no address" : given.map { "\($0)" }.joined(separator: ", ")),
                fix: "leave the address out, or use the IPAM plugin host-local or static")
        }
        if let mac, let other = result.mac, mac != other {
            throw Problem(
                kind: .unsupported, what: what,
                why: "its plugins gave the container not \(mac), but \(other)",
                fix: "leave the address out, or add the plugin tuning with the capability mac")
        }
    }
}

extension PublishedPort {
    /// The port as the capability `portMappings` has it.
    fileprivate var cniMapping: JSONValue {
        var object: JSONObject = [
            "hostPort": .number(JSONNumber(hostPort)),
            "containerPort": .number(JSONNumber(port)), "protocol": .string(transport.rawValue),
        ]
        if !hostAddress.isUnspecified { object["hostIP"] = .string("\(hostAddress)") }
        return .object(object)
    }
}
