import Diagnostics
import OCI
import SystemPackage
import Testing

@testable import Networking

/// What plugins of CNI networks are told, and what they answer, without executing any.
@Suite struct CNITests {
    private func network(_ text: String, adding more: [JSONValue] = []) throws -> CNINetwork {
        try CNINetwork(.parse(Array(text.utf8), named: "test"), adding: more, named: "test")
    }

    private func attachment(_ network: CNINetwork) -> CNIAttachment {
        CNIAttachment(
            network: network, container: "c1", interface: "eth0", path: ["/opt/a", "/opt/b"])
    }

    @Test func `each plugin gets its part with the list's name and version`() throws {
        let network = try network(
            """
            {"cniVersion": "1.0.0", "name": "front", "plugins": [
              {"type": "bridge", "bridge": "cni0", "cniVersion": "0.3.0", "name": "other"},
              {"type": "portmap", "capabilities": {"portMappings": true, "mac": false}}]}
            """)
        var attachment = attachment(network)
        attachment.capabilities = ["portMappings": [["hostPort": 80]], "mac": "02:00:00:00:00:01"]
        #expect(
            attachment.configuration(of: network.plugins[0], previous: nil).jsonString()
                == #"{"type":"bridge","bridge":"cni0","cniVersion":"1.0.0","name":"front"}"#)
        let second = attachment.configuration(of: network.plugins[1], previous: ["ips": []])
        #expect(second["runtimeConfig"] == ["portMappings": [["hostPort": 80]]])
        #expect(second["capabilities"] == nil)
        #expect(second["prevResult"] == ["ips": []])
    }

    @Test func `GC names everyone who is there, and survives as text`() throws {
        let network = try network(
            """
            {"cniVersion": "1.1.0", "name": "n", "disableGC": "true", "plugins": [
              {"type": "a", "capabilities": {"mac": true}}]}
            """)
        #expect(network.hasStatus && !network.isCollectable)
        let collection = CNICollection(
            network: network, path: ["/opt/a"],
            attachments: [.init(container: "c1", interface: "eth0")])
        #expect(
            collection.configuration(of: network.plugins[0]).jsonString()
                == #"{"type":"a","cniVersion":"1.1.0","name":"n","cni.dev/valid-attachments":"#
                + #"[{"containerID":"c1","ifname":"eth0"}]}"#)
        #expect(try CNICollection(collection.json, named: "test") == collection)
        #expect(
            CNINetwork.environment(.collect, path: ["/opt/a", "/opt/b"]).prefix(2)
                == ["CNI_COMMAND=GC", "CNI_PATH=/opt/a:/opt/b"])
    }

    @Test func `the environment is the specification's`() throws {
        var attachment = attachment(
            try network(#"{"cniVersion":"0.4.0","name":"n","type":"ptp"}"#))
        attachment.arguments = ["IP=10.0.0.9"]
        #expect(
            attachment.environment(.delete, namespace: nil).dropLast() == [
                "CNI_COMMAND=DEL", "CNI_CONTAINERID=c1", "CNI_NETNS=", "CNI_IFNAME=eth0",
                "CNI_ARGS=IgnoreUnknown=1;IP=10.0.0.9", "CNI_PATH=/opt/a:/opt/b",
            ])
    }

    @Test(arguments: [
        (#""cniVersion":"1.0.0""#, "1.0.0"), (#""cniVersion":"0.3.1""#, "0.3.1"),
        (#""cniVersion":"0.4.0","cniVersions":["1.1.0","1.0.0","7.0.0"]"#, "1.1.0"),
        (#""cniVersions":["0.2.0","0.4.0"]"#, "0.4.0"),
    ])
    func `the latest version that both know counts`(members: String, version: String) throws {
        let network = try network("{\(members),\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}]}")
        #expect(network.version == version)
    }

    @Test(arguments: [
        (#"{"name":"n","type":"a"}"#, "names no cniVersion"),
        (#"{"cniVersion":"0.2.0","name":"n","type":"a"}"#, "its cniVersion is 0.2.0"),
        (#"{"cniVersion":"1.0.0","type":"a"}"#, "its name is missing"),
        (#"{"cniVersion":"1.0.0","name":"../n","type":"a"}"#, "its name is missing"),
        (#"{"cniVersion":"1.0.0","name":"n","plugins":[{}]}"#, "has no type"),
        (#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"../../bin/sh"}]}"#, "has no type"),
        (#"{"cniVersion":"1.0.0","name":"n","plugins":[]}"#, "has no plugins"),
    ])
    func `what is no list says why`(text: String, why: String) {
        #expect {
            try network(text)
        } throws: {
            ($0 as? Problem)?.why.hasPrefix(why) == true || "\($0)".contains(why)
        }
    }

    @Test func `plugins of other files come last, and what forbids is read in both ways`() throws {
        let network = try network(
            #"{"cniVersion":"1.1.0","name":"n","disableCheck":"true","plugins":[{"type":"a"}]}"#,
            adding: [["type": "b"]])
        #expect(network.types == ["a", "b"])
        #expect(network.forbidsCheck)
        #expect(try CNINetwork(network.json, adding: [], named: "again") == network)
        #expect(network.speaks("1.0.0") && network.speaks("1.1.0"))
    }

    @Test func `a result has the container's addresses and not the host's`() throws {
        let json = try JSONValue.parse(
            Array(
                """
                {"cniVersion": "1.0.0", "interfaces": [
                  {"name": "veth1", "mac": "02:00:00:00:00:01"},
                  {"name": "eth0", "mac": "02:00:00:00:00:02", "sandbox": "/proc/1/fd/9"}],
                 "ips": [{"interface": 0, "address": "10.0.0.1/24"},
                  {"interface": 1, "address": "10.0.0.5/24", "gateway": "10.0.0.1"},
                  {"address": "fd00::5/64"}],
                 "dns": {"nameservers": ["10.0.0.53"], "domain": "lan", "options": ["ndots:2"]}}
                """.utf8), named: "result")
        let result = CNIResult(json, interface: "eth0")
        #expect(result.addresses.map { "\($0)" } == ["10.0.0.5/24", "fd00::5/64"])
        #expect(result.gateways.map { "\($0)" } == ["10.0.0.1"])
        #expect(result.mac.map { "\($0)" } == "02:00:00:00:00:02")
        #expect(result.resolver.text == "nameserver 10.0.0.53\nsearch lan\noptions ndots:2\n")
    }

    @Test func `an attachment is what it was after it was written`() throws {
        var attachment = attachment(
            try network(#"{"cniVersion":"0.4.0","name":"n","type":"ptp"}"#))
        attachment.ports = [
            PortSpec(transport: .udp, containerPort: 53, hostAddress: nil, hostPorts: 5353...5353)
        ]
        attachment.addresses = [try #require(IPAddress("10.0.0.9"))]
        attachment.mac = MACAddress("02:00:00:00:00:02")
        attachment.capabilities = ["mac": "02:00:00:00:00:02"]
        let link = ContainerLink(
            network: "id", name: "eth0", attachment: .cni(attachment), mac: nil, mtu: 0,
            addresses: [], gateways: [], directRoutes: [], isPublished: false)
        var setup = NetworkSetup(links: [link], ports: [])
        setup.cni = CNISetup(
            records: "/c/cni", hosts: "/c/hosts", hostNames: ["web.lan", "web"],
            resolver: "/c/resolv.conf", resolverParts: [.servers, .options])
        setup.cni?.keptHosts = ["10.0.0.9\tweb.lan web"]
        #expect(try NetworkSetup(setup.json.json(), named: "network.json") == setup)
    }

    @Test func `the container's name stands for its addresses of now`() throws {
        let before = "127.0.0.1\tlocalhost\n127.0.1.1\tweb.lan web\n10.9.0.1\thost\n"
        let names = ["web.lan", "web"]
        let address = try #require(IPAddress("10.0.0.5"))
        let after = CNISetup.hosts(before, names, keeping: [], [address])
        #expect(after == "127.0.0.1\tlocalhost\n10.0.0.5\tweb.lan web\n10.9.0.1\thost\n")
        #expect(CNISetup.hosts(after, names, keeping: [], []) == before)
    }

    @Test func `what a user has added of the container's own name stays`() throws {
        let added = "192.0.2.9\tweb"
        let before = "127.0.0.1\tlocalhost\n127.0.1.1\tweb\n\(added)\n"
        let address = try #require(IPAddress("10.0.0.5"))
        let after = CNISetup.hosts(before, ["web"], keeping: [added], [address])
        #expect(after == "127.0.0.1\tlocalhost\n10.0.0.5\tweb\n\(added)\n")
        #expect(CNISetup.hosts(after, ["web"], keeping: [added], []) == before)
    }

    @Test func `name servers of networks replace what nobody has asked for`() {
        let host = ResolverFile("nameserver 192.0.2.1\nsearch example.com\n")
        var given = ResolverFile()
        given.servers = ["10.0.0.53"]
        given.search = ["lan"]
        #expect(
            host.replacing([.servers], by: [ResolverFile(), given]).text
                == "nameserver 10.0.0.53\nsearch example.com\n")
        #expect(host.replacing([.servers, .search], by: []) == host)
    }
}
