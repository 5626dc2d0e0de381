import Foundation
import Testing

/// Builds under a source policy of BuildKit's.
@Suite struct SourcePolicyBuildTests {
    private func site(_ rules: String) throws -> BuildSite {
        let site = try BuildSite("FROM other\nRUN echo done > /done")
        try site.folder.write(#"{"rules": [\#(rules)]}"#, to: "policy.json")
        return site
    }

    private static let becomesBase = """
        {"action": "CONVERT", "selector": {"identifier": "docker-image://docker.io/library/other:*"},
         "updates": {"identifier": "docker-image://docker.io/library/base:${1}"}}
        """

    @Test func `an image becomes another one`() throws {
        let site = try site(Self.becomesBase)
        try site.check("--pull=never", "--source-policy-file", site.folder.at("policy.json"))
        #expect(try site.read("/done") == "done")
        let build = site.kade.commandLine([
            "build", "-q", "--pull=never", site.folder.at("context"),
        ])
        let variable = ["EXPERIMENTAL_BUILDKIT_SOURCE_POLICY": site.folder.at("policy.json")]
        #expect(try Tool.start(build, environment: variable).wait().exitCode == 0)
        #expect(try Tool.start(build).wait().exitCode != 0)
    }

    @Test(arguments: [
        ("docker-image://docker.io/library/base*", "RUN true"), ("local://context", "COPY . /c"),
        ("https://files.invalid/*", "ADD https://files.invalid/f /f"),
        ("git://git.invalid/*", "ADD https://git.invalid/a.git#v1 /a"),
        ("local://dockerfile", "RUN true"),
    ])
    func `what the policy denies is not used`(pattern: String, instruction: String) throws {
        let site = try site(
            Self.becomesBase
                + #", {"action": "DENY", "selector": {"identifier": "\#(pattern)"}}"#)
        try site.write("FROM other\n" + instruction)
        let denied = try site.build(
            "--pull=never", "--source-policy-file", site.folder.at("policy.json"))
        #expect(denied.exitCode != 0)
        #expect(denied.errors.contains("does not allow it"), "\(denied.errors)")
    }

    @Test func `a policy that is not understood lets nothing be built`() throws {
        let site = try site(#"{"action": "DENY", "selector": {"identifier": "a", "x": 1}}"#)
        let refused = try site.build("--source-policy-file", site.folder.at("policy.json"))
        #expect(refused.errors.contains("does not know x: 1"), "\(refused.errors)")
    }
}
