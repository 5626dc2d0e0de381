import Engine
import OCI

/// A picture as one JSON object; Documentation/map.md says what its members are.
enum MapJSON {
    static func value(of picture: Picture) -> JSONValue {
        [
            "version": 1, "kind": .string(picture.subject.rawValue),
            "title": .string(picture.title), "summary": .string(picture.summary),
            "time": .string(picture.time.rfc3339),
            "groups": .array(
                picture.groups.map { group in
                    [
                        "title": .string(group.title),
                        "nodes": .array(group.nodes.map { .object(object(of: $0)) }),
                    ]
                }),
            "edges": .array(
                picture.edges.map { edge in
                    [
                        "from": .string(edge.from), "to": .string(edge.to),
                        "label": .string(edge.label),
                    ]
                }),
        ]
    }

    private static func object(of node: Picture.Node) -> JSONObject {
        var object: JSONObject = [
            "id": .string(node.id), "kind": .string(node.kind.rawValue),
            "title": .string(node.title), "isThere": .bool(node.isThere),
        ]
        object["facts"] = .array(
            node.facts.map { fact in
                switch fact.value {
                case .text(let text): ["name": .string(fact.name), "value": .string(text)]
                case .bytes(let bytes):
                    ["name": .string(fact.name), "bytes": .number(JSONNumber(bytes))]
                }
            })
        object["counterparts"] = .array(
            node.counterparts.map { other in
                ["system": .string(other.system), "name": .string(other.name)]
            })
        return object
    }
}
