import OCI
import Testing

/// Times as images and tables of contents have them.
@Suite struct RFC3339Tests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T01:00:00.5+01:00", 500_000_000),
            ("1969-12-31T23:59:59.9Z", -100_000_000),
            // The first and the last that there are, and those beside them.
            ("2262-04-11T23:47:16.854775807Z", Int64.max), ("2262-04-11T23:47:16.9Z", nil),
            ("2262-04-11T23:47:16.854775808Z", nil), ("2262-04-11T23:47:17Z", nil),
            ("1677-09-21T00:12:44Z", -9_223_372_036_000_000_000),
            ("1677-09-21T00:12:42Z", nil), ("9999-12-31T23:59:60Z", nil),
            ("0000-01-01T00:00:00Z", nil), ("1970-01-01", nil), ("", nil),
        ] as [(String, Int64?)])
    func `a time is read, or is none`(text: String, moment: Int64?) {
        #expect(RFC3339.nanosecondsSinceEpoch(text) == moment)
    }
}
