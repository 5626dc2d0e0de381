/// The values of a switch: `--rm=true`, `-d=0` (Go's strconv.ParseBool).
enum BooleanValue {
    static func parse(_ text: String) throws(InvalidValue) -> Bool {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw InvalidValue("'\(text)' is neither true nor false")
        }
    }
}
