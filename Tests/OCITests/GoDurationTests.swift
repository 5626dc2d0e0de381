import OCI
import Testing

/// Lengths of time as Go reads them.
@Suite struct GoDurationTests {
    @Test(
        arguments: [
            ("0", 0), ("300ms", 300_000_000), ("1.5s", 1_500_000_000), ("2h45m", 9_900_000_000_000),
            (".5us", 500), ("1µs", 1000), ("7ns", 7), ("0s", 0), ("1h1h", 7_200_000_000_000),
            ("", nil), ("5", nil), ("s", nil), (".s", nil), ("1d", nil), ("-1s", nil), ("1 s", nil),
            ("1e3s", nil), ("3000000h", nil), ("\u{0661}s", nil),
        ] as [(String, Int64?)])
    func `a length of time`(text: String, nanoseconds: Int64?) {
        #expect(GoDuration.nanoseconds(text) == nanoseconds)
    }
}
