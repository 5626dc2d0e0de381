package import OCI

/// What can be asked of a build beside building, as Docker's builder tells it
/// (`--call=subrequests.describe`).
package enum BuildQuestions {
    private static let all = [
        ("outline", "List all parameters current build target supports"),
        ("targets", "List all targets current build supports"),
        ("lint", "Lint a Dockerfile"),
        ("subrequests.describe", "List available subrequest types"),
    ]

    /// The form for people.
    package static var text: String {
        AlignedText.lines(
            [["NAME", "VERSION", "DESCRIPTION"]] + all.map { [$0.0, "1.0.0", $0.1] }, padding: 1)
    }

    /// The form for programs.
    package static var json: JSONValue {
        .array(
            all.map { name, description in
                [
                    "Name": .string("frontend.\(name)"), "Version": "1.0.0", "Type": "rpc",
                    "Description": .string(description),
                ]
            })
    }
}
