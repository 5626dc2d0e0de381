import Engine

/// `-a STDIN|STDOUT|STDERR`: a stream to attach to.
enum StreamFlag {
    static func parse(_ text: String) throws(InvalidValue) -> AttachedStreams {
        switch text.lowercased() {
        case "stdin": .input
        case "stdout": .output
        case "stderr": .error
        default: throw InvalidValue("valid streams are STDIN, STDOUT and STDERR")
        }
    }
}

/// `--pull always|missing|newer|never`: when `run` and `create` ask the registry.
enum PullPolicy: String {
    case always, missing, never
    /// Always; what is here will do where the registry does not answer, or has it no more.
    case newer

    static func parse(_ text: String) throws(InvalidValue) -> PullPolicy {
        guard let policy = PullPolicy(rawValue: text) else {
            throw InvalidValue(
                "invalid pull option: '\(text)'",
                fix: "must be one of \"always\", \"missing\", \"newer\" or \"never\"")
        }
        return policy
    }
}
