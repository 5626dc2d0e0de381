package import Diagnostics
package import OCI

/// The stages of a Dockerfile, as Docker's builder tells them (`--call=targets`).
package struct BuildTargets: Sendable {
    private let stages: [Dockerfile.Stage]
    private let source: [UInt8]

    /// Reads a build's Dockerfile.
    ///
    /// - Throws: `.invalid` for a mistake in it.
    package init(_ request: BuildRequest) throws(Problem) {
        stages = try Dockerfile(
            parsing: request.dockerfile, file: request.dockerfileName
        ).stages
        source = request.dockerfile
    }

    /// The form for people.
    package var text: String {
        var lines = [["TARGET", "DESCRIPTION"]]
        for (index, stage) in stages.enumerated() {
            let isDefault = index == stages.count - 1
            let name = stage.name.map { isDefault ? "\($0) (default)" : $0 }
            lines.append([name ?? (isDefault ? "(default)" : ""), description(of: stage)])
        }
        return AlignedText.lines(lines, padding: 1)
    }

    /// The form for programs.
    package var json: JSONValue {
        var targets: [JSONValue] = []
        for (index, stage) in stages.enumerated() {
            var target: JSONObject = [:]
            if let name = stage.name { target.append("name", .string(name)) }
            if index == stages.count - 1 { target.append("default", true) }
            let description = description(of: stage)
            if !description.isEmpty { target.append("description", .string(description)) }
            target.append("base", .string(stage.base))
            if let platform = stage.platform { target.append("platform", .string(platform)) }
            target.append("location", stage.source.location)
            targets.append(.object(target))
        }
        return ["targets": .array(targets), "sources": [.string(Base64.encode(source))]]
    }

    private func description(of stage: Dockerfile.Stage) -> String {
        BuildOutline.description(of: stage.name ?? "", in: stage.comments)
    }
}
