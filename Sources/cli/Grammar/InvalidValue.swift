/// A flag's value that its parser does not accept.
///
/// Parsers know only the value; ``CommandLineReader`` knows the flag and makes a `Problem` of both.
struct InvalidValue: Error, Equatable {
    /// What is wrong with the value, in Docker's words where Docker has words for it.
    let why: String
    /// What would be right, where that helps.
    let fix: String?
    /// The value is right for Docker, and this version of Kade cannot do it.
    let isUnsupported: Bool

    init(_ why: String, fix: String? = nil) {
        self.init(why: why, fix: fix, isUnsupported: false)
    }

    /// A value that Docker would take and Kade cannot take yet.
    static func unsupported(_ why: String, fix: String? = nil) -> InvalidValue {
        InvalidValue(why: why, fix: fix, isUnsupported: true)
    }

    private init(why: String, fix: String?, isUnsupported: Bool) {
        self.why = why
        self.fix = fix
        self.isUnsupported = isUnsupported
    }
}
