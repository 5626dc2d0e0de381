import Testing

@testable import cli

@Suite struct CopyOperandTests {
    @Test(
        arguments: [
            ("web:/etc", "web", "/etc"), ("web:a:b", "web", "a:b"), ("/a:b", nil, "/a:b"),
            ("./a:b", nil, "./a:b"), ("plain", nil, "plain"), ("-", nil, "-"), (":x", nil, ":x"),
            ("web:", "web", ""),
        ] as [(String, String?, String)])
    func `an operand is a container's path or this machine's`(
        text: String, container: String?, path: String
    ) {
        let operand = CopyOperand(text)
        #expect(operand.container == container)
        #expect(operand.path == path)
    }
}
