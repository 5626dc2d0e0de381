import Diagnostics

/// One step as a row that can be written in two parts: the step, and the time that it took.
enum StepRow {
    /// The names of the columns.
    static let header =
        pad("#", 5) + pad("WHO", 10) + pad("WHAT", whatLength + 3) + pad("WHY", whyLength + 3)
        + pad("ASKED BY", specLength + 3) + "µs\n"

    private static let whatLength = 64
    private static let whyLength = 72
    private static let specLength = 24

    /// The row without its last column.
    static func beginning(of step: StepRecord, number: Int) -> String {
        let what = Table.ellipsis(StepTable.shorteningIDs(in: step.explanation.shell), whatLength)
        let why = Table.ellipsis(StepTable.shorteningIDs(in: step.explanation.why), whyLength)
        return pad("\(number)", 5) + pad(step.actor.rawValue, 10) + pad(what, whatLength + 3)
            + pad(why, whyLength + 3) + pad(step.explanation.spec, specLength + 3)
    }

    /// The last column, and why the step failed or did not do all.
    static func end(of step: StepRecord) -> String {
        // Why a step failed is never cut: whoever looks at the rows looks for that.
        "\(step.durationInMicroseconds)"
            + StepTable.shorteningIDs(in: StepTable.mark(of: step.outcome)) + "\n"
    }

    /// The whole row.
    static func whole(_ step: StepRecord, number: Int) -> String {
        beginning(of: step, number: number) + end(of: step)
    }

    /// The text with blanks up to a width, and at least one.
    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
