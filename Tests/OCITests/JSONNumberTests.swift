import OCI
import Testing

@Suite struct JSONNumberTests {
    @Test func `whole numbers are read up to their type's limits`() {
        #expect(JSONNumber(validText: "-12").integer(as: Int.self) == -12)
        #expect(JSONNumber(validText: "65535").integer(as: UInt16.self) == 65_535)
        #expect(JSONNumber(validText: "65536").integer(as: UInt16.self) == nil)
        #expect(JSONNumber(validText: "-1").integer(as: UInt16.self) == nil)
        #expect(JSONNumber(validText: "-9223372036854775808").integer(as: Int64.self) == .min)
        #expect(JSONNumber(validText: "18446744073709551615").integer(as: UInt64.self) == .max)
        #expect(JSONNumber(validText: "1.5").integer(as: Int.self) == nil)
    }

    @Test func `whole numbers are written as they are`() {
        #expect(JSONNumber(UInt16(80)).text == "80")
        #expect(JSONNumber(Int64.min).text == "-9223372036854775808")
        #expect(JSONNumber(UInt64.max).text == "18446744073709551615")
    }
}
