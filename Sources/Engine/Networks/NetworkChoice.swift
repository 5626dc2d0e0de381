import Diagnostics
import Linux
import Networking
import SystemPackage

extension EngineContext {
    /// Decides on the networks of a new container: those that it names, or the default one.
    func chooseNetworks(of request: inout ContainerRequest) throws(Problem) {
        guard request.namespaces.network == .isolated else {
            try request.refuseNetworksOfOthers()
            request.network.attachments = []
            return
        }
        if request.network.pasta == nil {
            request.network.attachments = try attachments(of: &request)
        }
        if request.network.pasta != nil { try checkPasta(of: request) }
    }

    private func attachments(
        of request: inout ContainerRequest
    ) throws(Problem) -> [NetworkAttachment] {
        let isRootless = try isRootless()
        var attachments =
            request.network.attachments
            ?? [NetworkAttachment(network: NetworkAttachment.defaultName)]
        let isDefault = attachments.map(\.network) == [NetworkAttachment.defaultName]
        request.network.isDefault = isDefault
        if isRootless, isDefault, configuration.defaultNetwork == "bridge" {
            request.network.pasta = []
            return []
        }
        for index in attachments.indices
        where attachments[index].network == NetworkAttachment.defaultName {
            attachments[index].network = configuration.defaultNetwork
        }
        attachments.removeAll { $0.network == "none" }
        if !attachments.isEmpty {
            if isRootless { try checkCarried(request) }
            try makePredefinedNetworks()
        }
        try checkLinks(of: attachments)
        return attachments
    }

    private func checkPasta(of request: ContainerRequest) throws(Problem) {
        guard try isRootless() else {
            throw Problem(
                kind: .unsupported, what: "cannot use --network pasta",
                why: "it is for ordinary users: root has bridges, which are faster",
                fix: "leave it out, or use --network bridge")
        }
        try checkCarried(request)
    }

    /// Refuses ports that pasta cannot publish.
    func checkCarried(_ request: ContainerRequest) throws(Problem) {
        if let spec = request.publishedSpecs.first(where: { $0.transport == .sctp }) {
            throw Problem(
                kind: .unsupported, what: "cannot publish port \(spec.container)",
                why: "pasta carries TCP and UDP alone", fix: "use --network host")
        }
    }

    /// Where pasta is.
    func pastaProgram() throws(Problem) -> FilePath {
        let path = (configuration.searchPath.map(\.string) + ["/usr/bin"]).joined(separator: ":")
        guard case .found(let program) = lookUpProgram("pasta", searchPath: path) else {
            throw Problem(
                kind: .unavailable, what: "cannot give the container a network",
                why: "pasta is not installed, which ordinary users' containers need for that",
                fix: "install it (Debian: apt install passt), or use --network none or host")
        }
        return program
    }
}

extension NetworkAttachment {
    /// What `--network` calls the network of containers that name none.
    package static let defaultName = "default"
}

extension ContainerRequest {
    /// Whether the container's monitor sets a network up, beyond the loopback.
    var hasOwnNetwork: Bool {
        network.pasta != nil || !(network.attachments ?? []).isEmpty
    }

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
