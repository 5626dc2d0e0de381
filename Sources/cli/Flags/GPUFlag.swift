import Engine

/// `--gpus all|COUNT|device=…`: a line of comma-separated values, as Docker's.
enum GPUFlag {
    static func parse(_ text: String) throws(InvalidValue) -> GPURequest {
        var request = GPURequest(count: 1)
        var hasCount = false
        for (index, field) in try CommaSeparatedLine.fields(of: text).enumerated() {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            guard parts.count == 2 else {
                guard index == 0 else {
                    throw InvalidValue("unexpected key '\(field)' in '\(text)'")
                }
                request.count = try count(field)
                hasCount = true
                continue
            }
            switch parts[0] {
            case "driver": request.driver = parts[1].isEmpty ? nil : parts[1]
            case "count":
                request.count = try count(parts[1])
                hasCount = true
            case "device":
                request.devices = parts[1].split(separator: ",").map(String.init)
            case "capabilities":
                guard parts[1] == "gpu" else {
                    throw InvalidValue.unsupported(
                        "the CDI specification says what a GPU brings, so that '\(field)' has no"
                            + " effect")
                }
            case "options":
                throw InvalidValue.unsupported("CDI devices have no options")
            default: throw InvalidValue("unexpected key '\(parts[0])' in '\(field)'")
            }
        }
        guard request.devices.isEmpty || !hasCount else {
            throw InvalidValue("cannot set both Count and DeviceIDs on device request")
        }
        return request
    }

    private static func count(_ text: String) throws(InvalidValue) -> Int {
        if text == "all" { return -1 }
        guard let count = Int(text), count >= -1, count != 0 else {
            throw InvalidValue("count must be an integer", fix: "all, or a number of GPUs")
        }
        return count
    }
}
