import OCI

/// A value of HCL that is still to be computed (HCL Native Syntax Specification, Expressions).
indirect enum HCLExpression: Sendable {
    case literal(JSONValue)
    /// A text with expressions in it.
    case template([HCLExpression])
    case variable(String)
    case attribute(HCLExpression, String)
    case index(HCLExpression, HCLExpression)
    case list([HCLExpression])
    case object([Member])
    /// A function; with `...` the last argument is a list of arguments.
    case call(String, [HCLExpression], spreadsLast: Bool)
    case not(HCLExpression)
    case negative(HCLExpression)
    case binary(String, HCLExpression, HCLExpression)
    case conditional(HCLExpression, HCLExpression, HCLExpression)
    case loop(Loop)

    struct Member: Sendable {
        var name: HCLExpression
        var value: HCLExpression
    }

    /// `[for NAME in LIST : VALUE if CONDITION]`, and the same in braces with KEY => VALUE.
    struct Loop: Sendable {
        /// The variables: of the element, or of key and element.
        var names: [String]
        var source: HCLExpression
        /// nil makes a list.
        var key: HCLExpression?
        var value: HCLExpression
        var condition: HCLExpression?
    }
}

/// What stands between braces, or in a file: attributes and blocks.
struct HCLBody: Sendable {
    var attributes: [String: HCLExpression] = [:]
    var blocks: [HCLBlock] = []
}

/// `TYPE "LABEL" { … }`.
struct HCLBlock: Sendable {
    var type: String
    var label: String
    var body: HCLBody
}
