import OCI
import Testing

@testable import Build

/// What build checks find; the cases and words are those of Docker's "Build checks".
@Suite struct BuildChecksTests {
    private func outcome(
        _ dockerfile: String, ignored: String = "", arguments: [String: String] = [:],
        base: ImageConfiguration? = ImageConfiguration(
            architecture: "amd64", os: "linux", rootfs: .init(diffIDs: []))
    ) throws -> BuildChecks.CheckOutcome {
        var request = BuildRequest(
            dockerfile: Array(dockerfile.utf8), dockerfileName: "Dockerfile")
        request.platform = Platform(os: "linux", architecture: "amd64")
        request.ignored = try IgnoreRules(parsing: ignored, file: ".dockerignore")
        request.arguments = arguments
        return BuildChecks.run(request, coversAllStages: true) { _, _ in base }
    }

    /// `Rule:line: detail` of all warnings.
    private func warnings(_ dockerfile: String, ignored: String = "") throws -> [String] {
        let outcome = try outcome(dockerfile, ignored: ignored)
        #expect(outcome.problem == nil)
        return outcome.warnings.map { "\($0.rule.name):\($0.firstLine): \($0.detail)" }
    }

    @Test(arguments: [
        (
            "FROM scratch AS Bad\nFROM scratch as base2\nFROM scratch AS base3",
            [
                "StageNameCasing:1: Stage name 'Bad' should be lowercase",
                "FromAsCasing:2: 'as' and 'FROM' keywords' casing do not match",
            ]
        ),
        (
            "FROM scratch\nCOPY Dockerfile \\\n\n.\nCOPY Dockerfile \\\n.",
            ["NoEmptyContinuation:4: Empty continuation line"]
        ),
        (
            "FROM scratch\ncopy a /b\nCOPY a /c",
            [
                "ConsistentInstructionCasing:2: Command 'copy' should match the case of the "
                    + "command majority (uppercase)"
            ]
        ),
        (
            "from scratch\nCopy a /b\ncopy a /c",
            [
                "ConsistentInstructionCasing:2: Command 'Copy' should match the case of the "
                    + "command majority (lowercase)"
            ]
        ),
        (
            "FROM scratch AS b\nFROM scratch AS b\nFROM scratch AS context",
            [
                "DuplicateStageName:2: Duplicate stage name \"b\", stage names should be unique",
                "ReservedStageName:3: Stage name should not use the same name as reserved stage "
                    + "\"context\"",
            ]
        ),
        (
            "FROM scratch\nCMD echo\nENTRYPOINT sh\nCMD [\"a\"]",
            [
                "JSONArgsRecommended:2: JSON arguments recommended for CMD to prevent unintended "
                    + "behavior related to OS signals",
                "MultipleInstructionsDisallowed:2: Multiple CMD instructions should not be used in "
                    + "the same stage because only the last one will be used",
                "JSONArgsRecommended:3: JSON arguments recommended for ENTRYPOINT to prevent "
                    + "unintended behavior related to OS signals",
            ]
        ),
        ("FROM scratch\nSHELL [\"bash\", \"-c\"]\nCMD echo", []),
        (
            "FROM scratch\nMAINTAINER me@example.org",
            [
                "MaintainerDeprecated:2: Maintainer instruction is deprecated in favor of using "
                    + "label"
            ]
        ),
        (
            "ARG ONE\nFROM ${ONE:-x}${ONR:-y}",
            ["UndefinedArgInFrom:2: FROM argument 'ONR' is not declared (did you mean ONE?)"]
        ),
        (
            "ARG TAG\nFROM busybox:${TAG}",
            [
                "InvalidDefaultArgInFrom:2: Default value for ARG busybox:${TAG} results in empty "
                    + "or invalid base image name"
            ]
        ),
        (
            "FROM scratch\nWORKDIR app\nWORKDIR src",
            [
                "WorkdirRelativePath:2: Relative workdir \"app\" can have unexpected results if the "
                    + "base image changes"
            ]
        ),
        ("FROM scratch AS a\nWORKDIR /app\nFROM a\nWORKDIR src", []),
        (
            "FROM scratch\nARG foo\nENV PORT=80\nCOPY $foo $bar /x$PRT/",
            [
                "UndefinedVar:4: Usage of undefined variable '$PRT' (did you mean $PORT?)",
                "UndefinedVar:4: Usage of undefined variable '$bar'",
            ]
        ),
        (
            "FROM scratch\nENV a b c\nLABEL d e",
            [
                "LegacyKeyValueFormat:2: \"ENV key=value\" should be used instead of legacy "
                    + "\"ENV key value\" format",
                "LegacyKeyValueFormat:3: \"LABEL key=value\" should be used instead of legacy "
                    + "\"LABEL key value\" format",
            ]
        ),
        (
            "FROM --platform=$TARGETPLATFORM scratch\nFROM --platform=linux/arm64 scratch\n"
                + "FROM --platform=linux/arm64 scratch AS build-arm64",
            [
                "RedundantTargetPlatform:1: Setting platform to predefined $TARGETPLATFORM in FROM "
                    + "is redundant as this is the default behavior",
                "FromPlatformFlagConstDisallowed:2: FROM --platform flag should not use constant "
                    + "value \"linux/arm64\"",
            ]
        ),
        (
            "FROM scratch\nARG API_KEY\nENV GITHUB_TOKEN=x PUBLIC_KEY=y TOKEN_FILE=z keyboard=w",
            [
                "SecretsUsedInArgOrEnv:2: Do not use ARG or ENV instructions for sensitive data "
                    + "(ARG \"API_KEY\")",
                "SecretsUsedInArgOrEnv:3: Do not use ARG or ENV instructions for sensitive data "
                    + "(ENV \"GITHUB_TOKEN\")",
            ]
        ),
        (
            "FROM scratch\nEXPOSE 80/TCP 127.0.0.1:80:80 53/udp",
            [
                "ExposeInvalidFormat:2: EXPOSE instruction should not define an IP address or "
                    + "host-port mapping, found '127.0.0.1:80:80'",
                "ExposeProtoCasing:2: Defined protocol '80/TCP' in EXPOSE instruction should be "
                    + "lowercase",
            ]
        ),
        (
            "FROM --platform=linux/amd64 arm AS amd64",
            []
        ),
        (
            "# check=experimental=all\nFROM scratch AS base\n# wrong words\nARG foo=bar\n"
                + "# foo is right\nARG foo=bar\n# far\n\nARG foo=bar",
            [
                "InvalidDefinitionDescription:4: Comment for ARG should follow the format: "
                    + "`# foo <description>`"
            ]
        ),
    ])
    func `a rule finds what it looks for`(dockerfile: String, expected: [String]) throws {
        #expect(try warnings(dockerfile) == expected)
    }

    @Test func `sources that are ignored are found, but for ignore files with exceptions`() throws {
        let dockerfile = "FROM scratch\nCOPY ./tmp/x /x\nADD tmp/ /y\nCOPY . /z"
        #expect(
            try warnings(dockerfile, ignored: "tmp\n*.log") == [
                "CopyIgnoredFile:2: Attempting to Copy file \"tmp/x\" that is excluded by "
                    + ".dockerignore",
                "CopyIgnoredFile:3: Attempting to Add file \"tmp\" that is excluded by "
                    + ".dockerignore",
            ])
        #expect(try warnings(dockerfile, ignored: "tmp\n!tmp/x").isEmpty)
        #expect(try warnings("FROM scratch\nCOPY . /z", ignored: "*").count == 1)
    }

    @Test func `an image of another platform is told, and an unknown one has any variable`() throws
    {
        let other = ImageConfiguration(
            architecture: "arm64", os: "linux", rootfs: .init(diffIDs: []))
        let found = try outcome("FROM busybox", base: other)
        #expect(
            found.warnings.map(\.detail) == [
                "Base image busybox was pulled with platform \"linux/arm64\", expected "
                    + "\"linux/amd64\" for current build"
            ])
        #expect(try outcome("FROM busybox\nUSER $x", base: nil).warnings.isEmpty)
        #expect(try outcome("FROM busybox\nUSER $x").warnings.count == 1)
    }

    @Test(arguments: [
        ("# check=skip=all\n", 0), ("# check=skip=JSONArgsRecommended\n", 1),
        ("# check = skip=JSONArgsRecommended, WorkdirRelativePath;error=true\n", 0), ("", 2),
        ("# check=error=true\n", 2), ("# check=experimental=all\n", 2),
    ])
    func `a directive skips rules`(directive: String, count: Int) throws {
        let found = try outcome(directive + "FROM scratch\nWORKDIR x\nCMD echo")
        #expect(found.warnings.count == count)
    }

    @Test func `a directive makes warnings errors`() throws {
        #expect(try CheckOptions("skip=all;error=true").warningsAreErrors)
        #expect(!(try CheckOptions("skip=all;error=false").warningsAreErrors))
        #expect(!(try CheckOptions(nil).warningsAreErrors))
    }

    @Test func `a comment before an instruction skips rules there`() throws {
        let found = try warnings(
            "FROM scratch\n# check=skip=UndefinedVar for now\nLABEL a=$x\nLABEL b=$y")
        #expect(found == ["UndefinedVar:4: Usage of undefined variable '$y'"])
    }

    @Test(arguments: [
        "# check=no\nFROM scratch", "# check=skip=a;error=maybe\nFROM scratch",
        "FROM scratch\nNOSUCH x", "FROM scratch\nUSER ${x", "RUN x",
    ])
    func `what cannot be built is told as an error`(dockerfile: String) throws {
        #expect(try outcome(dockerfile).problem != nil)
    }

    @Test func `the report shows the lines as Docker does`() throws {
        let text = "FROM scratch\nENV a=b\nCMD echo\nUSER x\n"
        var request = BuildRequest(dockerfile: Array(text.utf8), dockerfileName: "Dockerfile")
        request.platform = .host
        let found = BuildChecks.run(request, coversAllStages: true) { _, _ in nil }
        let report = CheckReport(found, of: request)
        #expect(
            report.text == """
                Check complete, 1 warning has been found!

                WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
                JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
                Dockerfile:3
                --------------------
                   1 |     FROM scratch
                   2 |     ENV a=b
                   3 | >>> CMD echo
                   4 |     USER x
                   5 |     \n--------------------

                """)
        #expect(
            report.summary(withDetails: false) == """

                 1 warning found (use kade --debug to expand):
                 - JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 3)

                """)
        #expect(report.json["warnings"]?.array?.first?["ruleName"]?.string == "JSONArgsRecommended")
        #expect(
            report.json["sources"]?.array?.first?["data"]?.string == Base64.encode(Array(text.utf8))
        )
    }
}
