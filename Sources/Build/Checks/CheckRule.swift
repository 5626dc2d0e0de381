/// What a build check looks for, under the name that Docker's builder gives it.
///
/// The reference is Docker's "Build checks"; `# check=skip=NAME` and `--call=check,format=json` use
/// the names.
package enum CheckRule: String, Sendable, CaseIterable {
    case consistentInstructionCasing = "ConsistentInstructionCasing"
    case copyIgnoredFile = "CopyIgnoredFile"
    case duplicateStageName = "DuplicateStageName"
    case exposeInvalidFormat = "ExposeInvalidFormat"
    case exposeProtoCasing = "ExposeProtoCasing"
    case fromAsCasing = "FromAsCasing"
    case fromPlatformFlagConstDisallowed = "FromPlatformFlagConstDisallowed"
    case invalidBaseImagePlatform = "InvalidBaseImagePlatform"
    case invalidDefaultArgInFrom = "InvalidDefaultArgInFrom"
    case invalidDefinitionDescription = "InvalidDefinitionDescription"
    case jsonArgsRecommended = "JSONArgsRecommended"
    case legacyKeyValueFormat = "LegacyKeyValueFormat"
    case maintainerDeprecated = "MaintainerDeprecated"
    case multipleInstructionsDisallowed = "MultipleInstructionsDisallowed"
    case noEmptyContinuation = "NoEmptyContinuation"
    case redundantTargetPlatform = "RedundantTargetPlatform"
    case reservedStageName = "ReservedStageName"
    case secretsUsedInArgOrEnv = "SecretsUsedInArgOrEnv"
    case stageNameCasing = "StageNameCasing"
    case undefinedArgInFrom = "UndefinedArgInFrom"
    case undefinedVar = "UndefinedVar"
    case workdirRelativePath = "WorkdirRelativePath"

    package var name: String { rawValue }

    /// Whether it looks only when `# check=experimental=…` names it.
    var isExperimental: Bool { self == .invalidDefinitionDescription }

    /// The page that says more; one rule has none.
    package var page: String? {
        guard self != .invalidBaseImagePlatform else { return nil }
        return "https://docs.docker.com/go/dockerfile/rule/\(nameWithDashes)/"
    }

    /// `json-args-recommended` for `JSONArgsRecommended`.
    private var nameWithDashes: String {
        let letters = Array(rawValue)
        var text = ""
        for (index, letter) in letters.enumerated() {
            if letter.isUppercase, index > 0 {
                let next = index + 1 < letters.count ? letters[index + 1] : "A"
                if letters[index - 1].isLowercase || next.isLowercase { text.append("-") }
            }
            text.append(letter.lowercased())
        }
        return text
    }

    /// What the rule wants, in Docker's words.
    package var summary: String {
        switch self {
        case .consistentInstructionCasing:
            "All commands within the Dockerfile should use the same casing (either upper or lower)"
        case .copyIgnoredFile: "Attempting to Copy file that is excluded by .dockerignore"
        case .duplicateStageName: "Stage names should be unique"
        case .exposeInvalidFormat:
            "IP address and host-port mapping should not be used in EXPOSE instruction. "
                + "This will become an error in a future release"
        case .exposeProtoCasing: "Protocol in EXPOSE instruction should be lowercase"
        case .fromAsCasing: "The 'as' keyword should match the case of the 'from' keyword"
        case .fromPlatformFlagConstDisallowed:
            "FROM --platform flag should not use a constant value"
        case .invalidBaseImagePlatform:
            "Base image platform does not match expected target platform"
        case .invalidDefaultArgInFrom:
            "Default value for global ARG results in an empty or invalid base image name"
        case .invalidDefinitionDescription:
            "Comment for build stage or argument should follow the format: "
                + "`# <arg/stage name> <description>`. If this is not intended to be a description "
                + "comment, add an empty line or comment between the instruction and the comment."
        case .jsonArgsRecommended:
            "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related "
                + "to OS signals"
        case .legacyKeyValueFormat:
            "Legacy key/value format with whitespace separator should not be used"
        case .maintainerDeprecated:
            "The MAINTAINER instruction is deprecated, use a label instead to define an image author"
        case .multipleInstructionsDisallowed:
            "Multiple instructions of the same type should not be used in the same stage"
        case .noEmptyContinuation:
            "Empty continuation lines will become errors in a future release"
        case .redundantTargetPlatform:
            "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the "
                + "default behavior"
        case .reservedStageName: "Reserved words should not be used as stage names"
        case .secretsUsedInArgOrEnv: "Sensitive data should not be used in the ARG or ENV commands"
        case .stageNameCasing: "Stage names should be lowercase"
        case .undefinedArgInFrom: "FROM command must use declared ARGs"
        case .undefinedVar: "Variables should be defined before their use"
        case .workdirRelativePath:
            "Relative workdir without an absolute workdir declared within the build can have "
                + "unexpected results if the base image changes"
        }
    }
}

/// Something that a rule found.
package struct CheckWarning: Sendable, Equatable {
    package var rule: CheckRule
    /// What is wrong here, in Docker's words.
    package var detail: String
    /// From 1.
    package var firstLine: Int
    package var lastLine: Int

    /// The sentence that a build shows.
    package var text: String { "\(rule.name): \(detail) (line \(firstLine))" }
}
