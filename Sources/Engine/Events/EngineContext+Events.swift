import ContainerRuntime
import SystemPackage

/// Telling of what happened, for `kade events`.
extension EngineContext {
    /// Where events go: DATA/events.
    var eventLog: EventLog { EventLog(in: configuration.dataRoot.appending("events")) }

    /// Tells of something that happened to an object, once it has: never before it can no more
    /// fail.
    ///
    /// It costs some microseconds, fails never, and needs no lock:
    ///
    /// ```swift
    /// context.tell(.create, of: .volume, name, ["driver": "local"])
    /// context.tell(.connect, of: .network, network.id, [
    ///     "container": container.id, "name": network.name, "type": "bridge",
    /// ])
    /// ```
    ///
    /// - Parameters:
    ///   - action: what happened.
    ///   - kind: to what kind of object.
    ///   - id: its ID (of a volume its name, of an image that is tagged or pulled its reference).
    ///   - attributes: what Docker says of it beside that, as its reference of `events` lists.
    func tell(
        _ action: Event.Action, of kind: Event.Kind, _ id: String, _ attributes: [String: String]
    ) {
        if plan == nil { eventLog.append(action, of: kind, id, attributes) }
    }

    /// Tells of something that happened to a container, with its name, image and labels.
    func tell(
        _ action: Event.Action, of record: ContainerRecord, _ attributes: [String: String] = [:]
    ) {
        tell(
            action, of: .container, record.id,
            record.eventAttributes.merging(attributes) { $1 })
    }
}

extension ContainerRecord {
    /// What every event of a container says: its labels, and its image and name.
    var eventAttributes: [String: String] {
        var attributes = request.labels
        attributes["image"] = image
        attributes["name"] = name
        return attributes
    }
}
