package import Diagnostics
import Linux

/// What a clone has that is not the other container's.
package struct CloneChange: Sendable {
    /// The name; nil is the other one's with `-clone` behind it.
    package var name: String?
    /// The image; nil is the other one's.
    package var image: String?
    /// Limits that are given anew.
    package var update = ContainerUpdate()

    package init() {}
}

extension ContainerService {
    /// What a new container has to be asked for that shall be as another one is.
    ///
    /// Files that the other one has changed, its anonymous volumes and its fixed addresses stay its
    /// own; descriptors of the command that made it are gone.
    ///
    /// - Throws: `.notFound` where there is no such container.
    package func request(
        cloning name: String, _ change: CloneChange
    ) throws(Problem) -> ContainerRequest {
        let record = try context.record(of: name)
        let endpoints = try context.database.read { database throws(Problem) in
            try database.endpoints(ofContainer: record.id)
        }
        var request = record.request.forClone(
            onNetworks: endpoints.map(\.attachment) + record.request.network.lost)
        request.name = change.name ?? record.name + "-clone"
        if let image = change.image {
            request.image = image
        } else {
            request.image = try context.imageName(of: record)
        }
        return try request.updated(by: change.update)
    }

    /// Refuses to remove a container that runs, before its clone is made.
    package func checkCanGo(_ name: String) throws(Problem) {
        let record = try context.record(of: name)
        guard try context.settledStatus(of: record, restarting: false).state.isUnderWay else {
            return
        }
        throw Problem(
            kind: .conflict, what: "cannot destroy container \(record.name)",
            why: "it is running", fix: "stop it before, or use --destroy --force")
    }
}

extension EngineContext {
    /// A name of a container's image that still means that one: the user's own, or its ID.
    fileprivate func imageName(of record: ContainerRecord) throws(Problem) -> String {
        guard record.request.rootfs == nil, record.image != HostImage.name else {
            return record.image
        }
        do throws(Problem) {
            let found = try image(for: record.request)
            return found.id == record.imageID ? record.image : record.imageID
        } catch  where error.kind == .notFound {
            return record.imageID
        }
    }
}

extension ContainerRequest {
    /// The request that makes another container like the one whose request this is.
    ///
    /// What the image had is in it; it is left as it is by what an image says once more.
    ///
    /// - Parameter attachments: the container's places on networks.
    /// - Returns: the request, which still has the container's name and image.
    func forClone(onNetworks attachments: [NetworkAttachment]) -> ContainerRequest {
        var clone = self
        clone.imageAnnotations = [:]
        // nil would be the image's.
        clone.process.entrypoint = process.entrypoint ?? []
        if process.user?.isEmpty == true { clone.process.user = nil }
        clone.process.descriptors = []
        clone.namespaces.userMaps = nil
        clone.mounts.removeAll(where: \.isInherited)
        clone.network.lost = []
        if network.isDefault, attachments.count < 2 {
            clone.network.attachments = nil
        } else if network.attachments != nil {
            clone.network.attachments = attachments.map(\.withoutAddresses)
        }
        return clone
    }
}

extension NetworkAttachment {
    /// The same with addresses that are free.
    fileprivate var withoutAddresses: NetworkAttachment {
        var attachment = self
        attachment.ipv4 = nil
        attachment.ipv6 = nil
        attachment.mac = nil
        return attachment
    }
}
