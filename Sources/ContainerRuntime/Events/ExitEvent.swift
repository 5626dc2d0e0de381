package import OCI
import SystemPackage

/// What `kade-runtime exec --exit-event` tells of when the program has ended: `exec_die`.
package struct ExitEvent: Sendable, Equatable {
    /// The directory of an ``EventLog``.
    package var directory: String
    /// The container's ID.
    package var container: String
    /// What the event says, beside the exit code.
    package var attributes: [String: String]

    package init(directory: String, container: String, attributes: [String: String]) {
        self.directory = directory
        self.container = container
        self.attributes = attributes
    }

    /// Appends the event.
    package func tell(exitCode: Int32) {
        EventLog(in: FilePath(directory)).append(
            .execDie, of: .container, container,
            attributes.merging(["exitCode": "\(exitCode)"]) { $1 })
    }
}

extension ExitEvent: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        let value = try json.readValue()
        guard let directory = value["directory"]?.string,
            let container = value["container"]?.string
        else { throw json.error("is no event of an exit") }
        self.init(directory: directory, container: container, attributes: [:])
        for member in value["attributes"]?.object?.members ?? [] {
            attributes[member.name] = member.value.string
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("directory", directory)
        json.member("container", container)
        json.member("attributes", attributes)
        json.endObject()
    }
}
