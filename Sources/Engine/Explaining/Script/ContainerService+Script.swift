import ContainerRuntime
package import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

extension ContainerService {
    /// Writes a shell script of plain commands that builds the same container beside it.
    ///
    /// - Parameter name: the container, whatever its state.
    /// - Returns: the script.
    /// - Throws: `.notFound` for a name that nobody has, `.unsupported` for a container that plain
    ///   commands cannot build, and what cannot be read.
    package func script(of name: String) throws(Problem) -> String {
        let record = try context.record(of: name)
        let made = try context.madeSpec(of: record)
        let container = ContainerScript(
            context: context, status: try context.settledStatus(of: record, restarting: true),
            spec: made.spec, mounts: made.mounts, sources: made.sources,
            setup: try context.network(of: record), texts: try context.networkTexts(of: record),
            ownMaps: try context.isRootless() ? try context.ownMaps() : nil)
        try container.check()
        return try container.text()
    }
}

extension EngineContext {
    /// What the container's last start was told, or its first one would be.
    fileprivate func madeSpec(of record: ContainerRecord) throws(Problem) -> MadeSpec {
        let bundle = configuration.bundle(of: record.id)
        if record.request.rootfs == nil, record.imageID != HostImage.name {
            try showLayers(of: record)
        }
        guard let spec = try bytesIfPresent(of: bundle.spec),
            let monitor = try bytesIfPresent(of: bundle.monitor)
        else {
            let context = looking()
            var steps = StepRecorder(for: context.configuration)
            return try context.makeSpec(of: record, recording: &steps)
        }
        return MadeSpec(
            spec: try RuntimeSpec(json: spec, named: bundle.spec.string),
            mounts: try mounts(of: record),
            sources: try MonitorConfiguration(json: monitor, named: bundle.monitor.string).sources)
    }

    /// The devices and ports of its networks; nil where the container has none of its own.
    fileprivate func network(of record: ContainerRecord) throws(Problem) -> NetworkSetup? {
        let file = configuration.bundle(of: record.id).network
        if let bytes = try bytesIfPresent(of: file) {
            return try NetworkSetup(bytes, named: file.string)
        }
        guard record.request.network.attachments?.isEmpty == false else { return nil }
        return try networkSetup(of: record, endpoints(of: record), keeping: nil)
    }

    /// The files of names as they are now, or as a start would write them.
    fileprivate func networkTexts(of record: ContainerRecord) throws(Problem) -> NetworkTexts {
        let bundle = configuration.bundle(of: record.id)
        guard let hosts = try bytesIfPresent(of: bundle.hosts),
            let resolver = try bytesIfPresent(of: bundle.resolver)
        else {
            let endpoints = try endpoints(of: record)
            let peers = try peers(of: record)
            return try networkTexts(
                of: record, hostname: try hostname(of: record, peers), on: endpoints,
                isStarting: false)
        }
        return NetworkTexts(
            hosts: String(decoding: hosts, as: UTF8.self),
            resolver: String(decoding: resolver, as: UTF8.self))
    }
}
