import OCI
import Testing

@Suite struct GoDurationTextTests {
    @Test(
        arguments: [
            (0, "0s"), (5, "5ms"), (1000, "1s"), (1500, "1.5s"), (1050, "1.05s"), (30_000, "30s"),
            (90_000, "1m30s"), (60_000, "1m0s"), (3_600_000, "1h0m0s"), (3_661_001, "1h1m1.001s"),
        ] as [(Int64, String)])
    func `a time is printed as Go does`(milliseconds: Int64, text: String) {
        #expect(GoDuration.text(milliseconds: milliseconds) == text)
    }
}
