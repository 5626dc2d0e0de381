import Diagnostics
import Networking

/// The lines of a container's `/etc/hosts` about others: the host, links and `--add-host`.
extension EngineContext {
    /// What is written beside the container's own name.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - endpoints: its places on networks.
    ///   - isStarting: whether it begins, so that the containers that it links to have to run.
    /// - Returns: the lines.
    /// - Throws: `.conflict` when a linked container does not run, `.invalid` when there is no
    ///   address that `host-gateway` could stand for.
    func otherHosts(
        of record: ContainerRecord, on endpoints: [EndpointRecord], isStarting: Bool
    ) throws(Problem) -> [NetworkFiles.Host] {
        let request = record.request
        let isRootless = try isRootless()
        let gateways =
            request.namespaces.network == .host
            ? ["127.0.0.1"]
            : isRootless ? [] : Self.gateways(of: endpoints).map { "\($0)" }
        let asked = request.network.extraHosts
        guard let extra = NetworkFiles.extra(asked, gateways: gateways) else {
            throw Problem(
                kind: .invalid, what: "cannot write /etc/hosts of \(record.name)",
                why: "unable to derive the IP value for host-gateway: the container is on no "
                    + "network whose bridge the host has an address on",
                fix: "write the address" + (isRootless ? "" : ", or add --network bridge"))
        }
        var lines = try linkedHosts(of: record, on: endpoints, isStarting: isStarting)
        let names = Self.hostNames.filter { name in !extra.contains { $0.names == [name] } }
        if request.namespaces.network != .host, !names.isEmpty {
            lines += gateways.map { NetworkFiles.Host(address: $0, names: names) }
        }
        return lines + extra
    }

    /// What containers call their host, in Docker's words and in Podman's.
    private static let hostNames = ["host.docker.internal", "host.containers.internal"]

    /// The host's addresses on the container's first bridge.
    private static func gateways(of endpoints: [EndpointRecord]) -> [IPAddress] {
        let bridges = endpoints.filter { $0.network.definition.driver == .bridge }
        return (gateway(among: bridges) ?? bridges.first)?.network.gatewayAddresses
            .map(\.address) ?? []
    }

    /// The containers that `--link` names on the default bridge.
    private func linkedHosts(
        of record: ContainerRecord, on endpoints: [EndpointRecord], isStarting: Bool
    ) throws(Problem) -> [NetworkFiles.Host] {
        var hosts: [NetworkFiles.Host] = []
        for endpoint in endpoints where !endpoint.hasNames {
            for link in endpoint.attachment.links.map({ ContainerLinkRequest($0) }) {
                let other: ContainerRecord
                do throws(Problem) {
                    other = try self.record(of: link.container)
                } catch  where error.kind == .notFound && !isStarting {
                    continue  // it was removed since
                }
                let place = try self.endpoints(of: other).first {
                    $0.network.id == endpoint.network.id
                }
                let isAlive = try status(of: other).state.isAlive
                guard isAlive && place != nil || !isStarting else {
                    throw Problem(
                        kind: .conflict, what: "cannot link \(record.name) to \(other.name)",
                        why: "Cannot link to a non running container, or to one that is not on "
                            + "network \(endpoint.network.name): /\(other.name) AS "
                            + "/\(record.name)/\(link.alias)",
                        fix: "kade start \(other.name)")
                }
                let hostname = other.request.network.hostname ?? String(other.id.prefix(12))
                var names = [link.alias]
                for name in [hostname, other.name] where !names.contains(name) {
                    names.append(name)
                }
                hosts += [place].compactMap(\.self).addresses.map {
                    NetworkFiles.Host(address: "\($0)", names: names)
                }
            }
        }
        return hosts
    }

    /// Refuses links to containers that are not there, on a network without names.
    func checkLinks(of attachments: [NetworkAttachment]) throws(Problem) {
        for attachment in attachments where attachment.network == "bridge" {
            for link in attachment.links {
                _ = try record(of: ContainerLinkRequest(link).container)
            }
        }
    }
}
