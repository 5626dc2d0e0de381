import Diagnostics

extension EngineContext {
    /// The networks of a new container: those that it names, or the default one.
    func attachments(of request: ContainerRequest) throws(Problem) -> [NetworkAttachment] {
        guard request.namespaces.network == .isolated else {
            try request.refuseNetworksOfOthers()
            return []
        }
        var attachments =
            request.network.attachments
            ?? [NetworkAttachment(network: NetworkAttachment.defaultName)]
        for index in attachments.indices
        where attachments[index].network == NetworkAttachment.defaultName {
            attachments[index].network = configuration.defaultNetwork
        }
        attachments.removeAll { $0.network == "none" }
        if let first = attachments.first {
            guard try !isRootless() else {
                throw Problem(
                    kind: .unsupported,
                    what: "cannot connect the container to the network \(first.network)",
                    why: "an ordinary user has no rights over the machine's network devices",
                    fix: "use --network host, none or container:NAME, or run kade as root")
            }
            try makePredefinedNetworks()
        }
        try checkLinks(of: attachments)
        return attachments
    }
}

extension NetworkAttachment {
    /// What `--network` calls the network of containers that name none.
    package static let defaultName = "default"
}

extension ContainerRequest {
    /// A container that shares a network has no ports and addresses of its own.
    fileprivate func refuseNetworksOfOthers() throws(Problem) {
        guard case .container = namespaces.network else { return }
        guard network.published.isEmpty, !network.publishesExposed else {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "port publishing and the container type network mode",
                fix: "publish the ports of the container whose network it is")
        }
    }
}
