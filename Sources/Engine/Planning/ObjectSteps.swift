import Diagnostics
import Networking
import SystemPackage

/// The steps of volumes, networks and secrets, in words.
extension Explanation {
    static func insert(volume name: String) -> Explanation {
        database("INSERT INTO volumes … '\(name)'", "the volume has a name", "volume")
    }

    static func delete(volume name: String) -> Explanation {
        database(
            "DELETE FROM volumes WHERE name = '\(name)'", "nobody uses the volume any more",
            "volume")
    }

    static func makeVolume(_ path: FilePath) -> Explanation {
        Explanation(
            shell: "mkdir -p \(path)", why: "the volume's files are here, whoever mounts it",
            spec: "volume")
    }

    static func unpack(into path: FilePath) -> Explanation {
        Explanation(
            shell: "tar -x -C \(path)", why: "the archive's files, beside what is there",
            spec: "volume import")
    }

    static func fillVolume(_ path: FilePath, from target: FilePath) -> Explanation {
        Explanation(
            shell: "cp -a IMAGE\(target)/. \(path)",
            why: "a new volume gets what the image has in its place", spec: "volume")
    }

    static func finishFilling(ofVolume path: FilePath) -> Explanation {
        Explanation(
            shell: "mv -n \(path)/.kade-filled/* \(path); rm -rf \(path)/.kade-fill*",
            why: "a command was killed while it gave the volume its first content", spec: "volume")
    }

    static func insert(_ network: NetworkRecord) -> Explanation {
        let subnets = network.definition.subnets.map { "\($0.subnet)" }.joined(separator: ", ")
        return database(
            "INSERT INTO networks … '\(network.name)'",
            "the network has a name, and addresses that no other has: \(subnets)", "network create")
    }

    static func update(_ network: NetworkRecord) -> Explanation {
        let servers = network.definition.nameServers.map { "\($0)" }.joined(separator: ", ")
        return database(
            "UPDATE networks SET definition = … WHERE id = '\(network.id)'",
            servers.isEmpty
                ? "other names are the host's name servers' again"
                : "these are asked about other names than containers': \(servers)",
            "network update")
    }

    static func delete(_ network: NetworkRecord) -> Explanation {
        database(
            "DELETE FROM networks WHERE id = '\(network.id)'",
            "the name and the addresses are free", "network rm")
    }

    static func removeBridge(_ network: NetworkRecord) -> Explanation {
        let name = network.bridgeName
        return Explanation(
            shell: "ip link delete \(name); "
                + "nft delete element inet kade bridges '{ \"\(name)\" }'",
            why: "network \(network.name) has no devices and no rules any more", spec: "network rm")
    }

    static func insert(_ endpoint: EndpointRecord) -> Explanation {
        let addresses = [endpoint.address(.v4), endpoint.address(.v6)].compactMap { $0 }
            .map { "\($0)" }.joined(separator: ", ")
        return database(
            "INSERT INTO endpoints … '\(endpoint.container)'",
            "the container has addresses on \(endpoint.network.name): \(addresses)",
            "network connect")
    }

    static func delete(_ endpoint: EndpointRecord) -> Explanation {
        database(
            "DELETE FROM endpoints WHERE id = '\(endpoint.id)'",
            "the container's addresses on \(endpoint.network.name) are free", "network disconnect")
    }

    static func writeSecret(_ name: String, to path: FilePath) -> Explanation {
        Explanation(
            shell: "install -m 600 /dev/stdin \(path)",
            why: "the content of secret \(name), which only root reads", spec: "secret create")
    }

    static func insert(_ secret: SecretRecord) -> Explanation {
        database("INSERT INTO secrets … '\(secret.name)'", "the secret has a name", "secret create")
    }

    static func delete(_ secret: SecretRecord) -> Explanation {
        database("DELETE FROM secrets WHERE id = '\(secret.id)'", "the name is free", "secret rm")
    }
}
