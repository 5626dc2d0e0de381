package import OCI

/// Something that happened to an object of the engine, as Docker's `events` tells it.
package struct Event: Sendable, Equatable {
    package var kind: Kind
    package var action: Action
    /// The object's ID; of an image that was tagged or pulled its reference, as in Docker.
    package var id: String
    /// What else Docker says of it: of a container its name, image and labels.
    package var attributes: [String: String]
    package var nanosecondsSinceEpoch: Int64

    package init(
        kind: Kind, action: Action, id: String, attributes: [String: String],
        nanosecondsSinceEpoch: Int64
    ) {
        self.kind = kind
        self.action = action
        self.id = id
        self.attributes = attributes
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    /// What kind of object it happened to: Docker's `Type`.
    package enum Kind: String, Sendable, CaseIterable {
        case builder, container, image, network, secret, volume
    }

    /// What happened: Docker's `Action`.
    package struct Action: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        package static let attach = Action(rawValue: "attach")
        package static let commit = Action(rawValue: "commit")
        package static let connect = Action(rawValue: "connect")
        package static let copy = Action(rawValue: "copy")
        package static let create = Action(rawValue: "create")
        package static let delete = Action(rawValue: "delete")
        package static let destroy = Action(rawValue: "destroy")
        package static let detach = Action(rawValue: "detach")
        package static let die = Action(rawValue: "die")
        package static let disconnect = Action(rawValue: "disconnect")
        package static let execDie = Action(rawValue: "exec_die")
        package static let export = Action(rawValue: "export")
        package static let extractToDirectory = Action(rawValue: "extract-to-dir")
        package static let archivePath = Action(rawValue: "archive-path")
        package static let `import` = Action(rawValue: "import")
        package static let kill = Action(rawValue: "kill")
        package static let load = Action(rawValue: "load")
        package static let mount = Action(rawValue: "mount")
        package static let outOfMemory = Action(rawValue: "oom")
        package static let pause = Action(rawValue: "pause")
        package static let prune = Action(rawValue: "prune")
        package static let pull = Action(rawValue: "pull")
        package static let push = Action(rawValue: "push")
        package static let remove = Action(rawValue: "remove")
        package static let rename = Action(rawValue: "rename")
        package static let resize = Action(rawValue: "resize")
        package static let restart = Action(rawValue: "restart")
        package static let save = Action(rawValue: "save")
        package static let start = Action(rawValue: "start")
        package static let stop = Action(rawValue: "stop")
        package static let tag = Action(rawValue: "tag")
        package static let top = Action(rawValue: "top")
        package static let unmount = Action(rawValue: "unmount")
        package static let unpause = Action(rawValue: "unpause")
        package static let untag = Action(rawValue: "untag")
        package static let update = Action(rawValue: "update")

        /// `exec_create: COMMAND`.
        package static func execCreate(_ command: [String]) -> Action {
            Action(rawValue: "exec_create: \(command.joined(separator: " "))")
        }

        /// `exec_start: COMMAND`.
        package static func execStart(_ command: [String]) -> Action {
            Action(rawValue: "exec_start: \(command.joined(separator: " "))")
        }

        /// `health_status: healthy`.
        package static func healthStatus(_ word: String) -> Action {
            Action(rawValue: "health_status: \(word)")
        }
    }
}

extension Event: JSONCodable {
    package init(from json: inout JSONReader) throws(JSONError) {
        let value = try json.readValue()
        guard let kind = value["Type"]?.string.flatMap(Kind.init(rawValue:)),
            let action = value["Action"]?.string, let id = value["Actor"]?["ID"]?.string,
            let time: Int64 = value["timeNano"]?.number?.integer()
        else { throw json.error("is no event") }
        var attributes: [String: String] = [:]
        for member in value["Actor"]?["Attributes"]?.object?.members ?? [] {
            attributes[member.name] = member.value.string
        }
        self.init(
            kind: kind, action: Action(rawValue: action), id: id, attributes: attributes,
            nanosecondsSinceEpoch: time)
    }

    /// Docker's form (moby, api/types/events), without the members that repeat others.
    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("Type", kind.rawValue)
        json.member("Action", action.rawValue)
        json.key("Actor")
        json.beginObject()
        json.member("ID", id)
        json.key("Attributes")
        json.beginObject()
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            json.member(name, value)
        }
        json.endObject()
        json.endObject()
        json.member("scope", "local")
        json.member("time", nanosecondsSinceEpoch / 1_000_000_000)
        json.member("timeNano", nanosecondsSinceEpoch)
        json.endObject()
    }
}
