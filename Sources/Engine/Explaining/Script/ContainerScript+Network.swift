import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// The network namespace, its devices, and the ports that lead to it.
extension ContainerScript {
    func network(_ script: inout ShellText, _ choices: ScriptChoices) throws(Problem) {
        guard hasOwn(.network) else { return }
        script.part(
            "A network of its own",
            "In a new network namespace there is nothing but the loopback, switched off.")
        makeNetwork(&script)
        let endpoints = try context.endpoints(of: record)
        for (index, link) in (setup?.links ?? []).enumerated() {
            script.space()
            let network = endpoints.first { $0.network.id == link.network }?.network.name
            connect(link, index, on: network ?? link.networkName, &script)
            configure(link, choices, &script)
        }
        if let pasta = setup?.pasta { runPasta(pasta, choices, &script) }
    }

    /// The namespace: `$network` is its file, and for root `$name` its name of ip(8).
    private func makeNetwork(_ script: inout ShellText) {
        let command = (hasUsers ? "nsenter --user=\"$users\" " : "") + "unshare --net"
        guard !isRootless else {
            keep(command, .network, &script)
            return script.run(
                """
                network=/proc/$keeper/ns/net
                export network
                nsenter --net="$network" ip link set lo up
                """)
        }
        if hasUsers {
            script.say("Its user namespace owns it, as a process in that has made it.")
            keep(command, .network, &script)
            script.run("ip netns attach \"$name\" \"$keeper\"")
        } else {
            script.run("ip netns add \"$name\"")
        }
        script.run(
            """
            later 'ip netns delete "$name"'
            network=/run/netns/$name
            export network
            ip -n "$name" link set lo up
            """)
    }

    /// An ordinary user's network: a program that carries each connection over a socket of its own.
    private func runPasta(
        _ pasta: PastaSetup, _ choices: ScriptChoices, _ script: inout ShellText
    ) {
        script.space()
        script.say(
            "pasta shows it the machine's own addresses, and carries each connection over a socket of"
                + " its own. It gives up the right to look at other processes: so it gets the"
                + " namespace as its input.")
        let ports = choices.ports.map { $0.published }
        let words = pasta.arguments(namespace: "NETWORK", ready: "READY", ports: ports)
            .dropFirst().map { word in
                switch word {
                case "NETWORK": return "/proc/self/fd/0"
                case "READY": return "\"$work/pasta\""
                default:
                    for port in choices.ports {
                        let end = "/\(port.own):\(port.spec.containerPort)"
                        guard word.hasSuffix(end) else { continue }
                        let address = word.dropLast(end.count)
                        return "\"\(address)/$\(port.variable):\(port.spec.containerPort)\""
                    }
                    return word.shellWord
                }
            }
        script.run(
            [pasta.program.string.shellWord] + words
                + ["<\"$network\" >\"$work/pasta.log\" 2>&1 &"])
        script.run(
            """
            pasta=$!
            later 'kill "$pasta" 2>/dev/null; wait "$pasta" 2>/dev/null'
            until [ -s "$work/pasta" ]; do
                kill -0 "$pasta" 2>/dev/null || { cat "$work/pasta.log" >&2; exit 1; }
                sleep 0.05
            done
            """)
    }

    /// Makes one device inside.
    private func connect(
        _ link: ContainerLink, _ index: Int, on network: String, _ script: inout ShellText
    ) {
        let host = "\"hand$$.\(index)\""
        let mtu = link.mtu == 0 ? "" : " mtu \(link.mtu)"
        let inside = link.name.shellWord
        switch link.attachment {
        case .bridge(let bridge, _, let isIsolated):
            script.say(
                "\(link.name), on the network \(network): a pair of devices, like a cable."
                    + " One end is inside, the other one is a port of the bridge \(bridge)."
                    + " Its hardware address is the kernel's choice: the first container has its own."
            )
            makeBridge(bridge, link, &script)
            script.run(
                """
                ip link add \(host)\(mtu) type veth peer name \(inside)\(mtu) netns "$name"
                later \(host.replacing("\"hand", with: "\"ip link delete hand"))
                ip link set \(host) master \(bridge.shellWord) up
                """)
            if isIsolated {
                script.say("Containers of this network do not reach each other.")
                script.run("bridge link set dev \(host) isolated on")
            }
            if setup?.ports.isEmpty == false, link.isPublished {
                script.say("It may call its own published ports.")
                script.run("bridge link set dev \(host) hairpin on")
            }
        case .macvlan(let parent, let mode):
            script.say("\(link.name), with a hardware address of its own on \(parent).")
            script.run(
                "ip link add \(host) link \(parent.shellWord)\(mtu) type macvlan mode \(mode)\n"
                    + "ip link set \(host) netns \"$name\" name \(inside)")
        case .ipvlan(let parent, let mode, let flag):
            script.say("\(link.name), with the hardware address of \(parent).")
            script.run(
                "ip link add \(host) link \(parent.shellWord)\(mtu) type ipvlan mode \(mode) \(flag)\n"
                    + "ip link set \(host) netns \"$name\" name \(inside)")
        case .cni(let attachment):
            script.say("\(link.name): plugins of \(attachment.network.name) make it.")
            script.cannot(
                "connect \(link.name): the plugins of the network \(attachment.network.name) would"
                    + " have to be executed, in Kade's place")
        }
    }

    /// The bridge comes with the first container on its network that Kade starts.
    private func makeBridge(_ bridge: String, _ link: ContainerLink, _ script: inout ShellText) {
        let name = bridge.shellWord
        var lines = [
            "if ! ip link show dev \(name) >/dev/null 2>&1; then",
            "    cannot \("reach other networks: Kade makes the bridge \(bridge) and its rules when it starts a container there".shellWord)",
            "    ip link add \(name) type bridge",
            "    later \("ip link delete \(name)".shellWord)",
            "    ip link set \(name) up",
        ]
        for gateway in link.gateways {
            guard
                let subnet = link.addresses.first(where: {
                    $0.address.version == gateway.version
                })
            else { continue }
            lines.append("    ip address add \(gateway)/\(subnet.prefixLength) dev \(name)")
        }
        script.run((lines + ["fi"]).joined(separator: "\n"))
    }

    private func configure(
        _ link: ContainerLink, _ choices: ScriptChoices, _ script: inout ShellText
    ) {
        if case .cni = link.attachment { return }
        let name = link.name.shellWord
        let hasVersion6 = link.addresses.contains { $0.address.version == .v6 }
        if !hasVersion6 {
            script.say("Without a network of version 6 it gets no address of that either.")
            script.run("ip -n \"$name\" link set \(name) addrgenmode none 2>/dev/null || :")
        }
        script.run("ip -n \"$name\" link set \(name) up")
        for address in link.addresses {
            guard let variable = choices.variable(of: address, on: link.name) else { continue }
            let more =
                address.address.version == .v6
                ? " nodad" : address.prefixLength < 31 ? " broadcast +" : ""
            script.run("ip -n \"$name\" address add \"$\(variable)\" dev \(name)\(more)")
        }
        for gateway in link.gateways {
            script.run("ip -n \"$name\" route add default via \(gateway) dev \(name)")
        }
        for version in link.directRoutes {
            script.run(
                "ip -n \"$name\" -\(version == .v4 ? 4 : 6) route add default dev \(name)")
        }
    }

    /// Leads ports of the machine to it.
    func publish(_ script: inout ShellText, _ choices: ScriptChoices) {
        guard let setup, setup.pasta == nil, !choices.ports.isEmpty else { return }
        script.part(
            "Published ports",
            "Elements of the maps in Kade's table: who calls the machine's port is led to the"
                + " container. Nobody else is kept from the port meanwhile, which Kade does.")
        script.run("if nft list table inet kade >/dev/null 2>&1; then")
        for port in choices.ports {
            let versions = port.spec.hostAddress.map { [$0.version] } ?? IPVersion.allCases
            for version in versions {
                guard let variable = choices.variable(version, among: setup.links) else { continue }
                let host = port.spec.hostAddress.flatMap { $0.isUnspecified ? nil : $0 }
                let map = (host == nil ? "anyports" : "ports") + (version == .v4 ? "4" : "6")
                let key =
                    "\(port.spec.transport.rawValue) . " + (host.map { "\($0) . " } ?? "")
                    + "$\(port.variable)"
                let value = "${\(variable)%/*} . \(port.spec.containerPort)"
                script.run("    nft add element inet kade \(map) \"{ \(key) : \(value) }\"")
                script.run(
                    "    later 'nft delete element inet kade \(map) \"{ \(key) }\"'")
            }
        }
        script.run("else")
        script.run("    cannot 'publish ports: the table inet kade comes with the first container'")
        script.run("fi")
    }
}
