package import Diagnostics
import Linux
import OCI
package import SystemPackage

/// What is kept of a container's place on a CNI network, from before ADD until after DEL.
///
/// DEL has to say what ADD said, also after a crash or a boot, when nobody knows any more.
package struct CNIRecord: Sendable, Equatable {
    package let attachment: CNIAttachment
    /// What ADD returned; nil when it did not come so far.
    package var result: CNIResult?

    package init(_ attachment: CNIAttachment, _ result: CNIResult?) {
        self.attachment = attachment
        self.result = result
    }

    /// Reads a record; nil when there is none.
    ///
    /// - Parameters:
    ///   - directory: the container's records.
    ///   - network: the network's ID.
    /// - Throws: what keeps it from being read.
    package init?(in directory: FilePath, of network: String) throws(Problem) {
        let file = directory.appending(network)
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(file)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(what: "cannot read \(file)", refusal: error)
        }
        let json = try JSONValue.parse(bytes, named: file.string)
        attachment = try CNIAttachment(json, named: file.string)
        result = json["result"].map { CNIResult($0, interface: attachment.interface) }
    }

    /// Writes the record, so that it outlives the machine's sudden end.
    package func write(in directory: FilePath, of network: String) throws(Problem) {
        var json = attachment.json
        json["result"] = result?.json
        try explaining("cannot note the place on network \(attachment.network.name)") {
            () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: FilePermissions(rawValue: 0o700))
            try File.replace(
                directory.appending(network), with: JSONValue.object(json).json(),
                permissions: .ownerReadWrite, lasting: .powerLoss)
        }
    }

    /// Removes a record.
    package static func remove(in directory: FilePath, of network: String) throws(Problem) {
        try explaining("cannot remove \(directory.appending(network))") {
            () throws(SystemCallError) in try Link.remove(directory.appending(network))
        }
    }

    /// The networks that a container has a record of, by ID.
    package static func networks(in directory: FilePath) throws(Problem) -> [String] {
        do throws(SystemCallError) {
            return try Directory.list(directory).map(\.name.string)
                .filter { !$0.hasPrefix(".") }.sorted()
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        } catch {
            throw Problem(what: "cannot list \(directory)", refusal: error)
        }
    }

    /// Disconnects a container whose namespace is gone from all networks that it has a record of.
    ///
    /// - Parameters:
    ///   - directory: the container's records.
    ///   - only: the one network that is meant; nil for all.
    ///   - isFinal: whether nobody will ask again: all plugins are called, and the records go
    ///     whatever these say.
    /// - Throws: what was refused, after all networks were tried; unless it is final, the records of
    ///   those stay.
    package static func deleteAll(
        in directory: FilePath, only: String?, isFinal: Bool
    ) throws(Problem) {
        var refusals = Refusals()
        for network in try networks(in: directory) where only == nil || only == network {
            do throws(Problem) {
                guard let record = try CNIRecord(in: directory, of: network) else { continue }
                try record.attachment.delete(
                    namespace: nil, after: record.result?.json, pastRefusals: isFinal)
                try remove(in: directory, of: network)
            } catch {
                refusals.add(error)
                if isFinal { try remove(in: directory, of: network) }
            }
        }
        try refusals.check()
    }
}
