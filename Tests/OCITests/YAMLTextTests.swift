import Diagnostics
import Testing

@testable import OCI

@Suite struct YAMLTextTests {
    private func json(_ yaml: String) throws -> String {
        try YAMLText.parse(yaml, named: "test").jsonString()
    }

    @Test func `what NVIDIA's tool writes is read`() throws {
        let text = """
            ---
            cdiVersion: 0.5.0
            containerEdits:
              env:
              - NVIDIA_VISIBLE_DEVICES=void
              hooks:
              - args:
                - nvidia-cdi-hook
                - --link
                - libglx.so.535::/usr/lib/libglx.so
                hookName: createContainer
                path: /usr/bin/nvidia-cdi-hook
            devices:
            - containerEdits:
                deviceNodes:
                - path: /dev/nvidia0
              name: "0"
            - containerEdits: {}
              name: all   # every one
            kind: nvidia.com/gpu
            """
        #expect(
            try json(text)
                == #"{"cdiVersion":"0.5.0","containerEdits":{"env":["NVIDIA_VISIBLE_DEVICES=void"],"#
                + #""hooks":[{"args":["nvidia-cdi-hook","--link","libglx.so.535::/usr/lib/libglx.so"],"#
                + #""hookName":"createContainer","path":"/usr/bin/nvidia-cdi-hook"}]},"#
                + #""devices":[{"containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}]},"#
                + #""name":"0"},{"containerEdits":{},"name":"all"}],"kind":"nvidia.com/gpu"}"#)
    }

    @Test(arguments: [
        (
            "a: 1\nb: true\nc: ~\nd: 1.5\ne: 'it''s'\nf: \"a\\tb\"",
            #"{"a":1,"b":true,"c":null,"d":1.5,"e":"it's","f":"a\tb"}"#
        ),
        (
            "- [a, 'b, c', [1]]\n- {x: y, \"k 1\": [2]}\n-\n  - deep",
            #"[["a","b, c",[1]],{"x":"y","k 1":[2]},["deep"]]"#
        ),
        (
            "a:\n  b:\n    - c: 1\n      d: 2\n    - e\nf: g#h # i",
            #"{"a":{"b":[{"c":1,"d":2},"e"]},"f":"g#h"}"#
        ),
        ("# nothing\n---\n", "null"),
        ("a: 0o17\nb: 0x1F\nc: 0755x", #"{"a":15,"b":31,"c":"0755x"}"#),
        ("url: http://x:1/y\r\n...\nmore", #"{"url":"http://x:1/y"}"#), ("word", "\"word\""),
    ])
    func `blocks, flows and scalars are read`(yaml: String, expected: String) throws {
        #expect(try json(yaml) == expected)
    }

    @Test(arguments: [
        "a: &x 1", "a: *x", "a: !!str 1", "a: |\n  text", "a: >\n  text", "? a\n: b", "a: 1\na: 2",
        "a: 1\n  b: 2", "\ta: 1", "a: [1, 2", "a: \"x", "a: 'x' y", "- a\nb: 1", "a: {b}",
        "a: 1\n--- b", "a: \"\\q\"", String(repeating: "[", count: 200),
        String(repeating: "- ", count: 200) + "a",
    ])
    func `what is not known is refused with its line`(yaml: String) {
        #expect {
            try YAMLText.parse(yaml, named: "file.yaml")
        } throws: { ($0 as? Problem)?.why.hasPrefix("line ") == true }
    }
}
