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
        (
            "a: |\n  x\n   y # z\n\n  # w\n  \tq\n",
            #"{"a":"x\n y # z\n\n# w\n\tq\n"}"#
        ),
        (
            "a: |-\n  x\n\n\nb: >+\n  x\n  y\n\n  z\n   w\n\nc: 1",
            #"{"a":"x","b":"x y\nz\n w\n\n","c":1}"#
        ),
        ("- |2-\n    x\n   y\n- >\n  a\n  b", ##"["  x\n y","a b\n"]"##),
        (
            "a:\n- |\n  x: |\n    y\n  ---\n-\n  k: |\n   z\n  l: 1",
            #"{"a":["x: |\n  y\n---\n",{"k":"z\n","l":1}]}"#
        ),
        (
            "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\ne: [*x, &y 5, *y]",
            #"{"a":{"b":1,"c":2},"d":{"c":3,"b":1},"e":[{"b":1,"c":2},5,5]}"#
        ),
        (
            "a: &x\n  - 1\nb: &z\n  c: *x\nd: { <<: *z }\ne:\n  <<: [*z, *z]",
            #"{"a":[1],"b":{"c":[1]},"d":{"c":[1]},"e":{"c":[1]}}"#
        ),
        ("- &x one\n- *x\n- &y\n  k: v\n- *y", #"["one","one",{"k":"v"},{"k":"v"}]"#),
        ("a: [1, # one\n  'x]',\n  {b: 2}\n  ]\nb: 1", #"{"a":[1,"x]",{"b":2}],"b":1}"#),
    ])
    func `block scalars, anchors and flows of several lines are read`(
        yaml: String, expected: String
    ) throws {
        #expect(try json(yaml) == expected)
    }

    @Test func `aliases cannot stand for more than memory holds`() throws {
        var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in 1..<12 {
            let one = "*a\(level - 1)"
            let ten = Array(repeating: one, count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(ten)]\n"
        }
        #expect {
            try YAMLText.parse(text, named: "file.yaml")
        } throws: { ($0 as? Problem)?.why.contains("stand for too much") == true }
    }

    @Test(arguments: [
        "a: *x", "a: !!str 1", "a: |x\n  text", "a: >0\n  text", "? a\n: b", "a: 1\na: 2",
        "a: & 1", "a: b: c", "<<: 1", "a: &x [*x]", "&x a: 1", "a: 'x\n  y'", "a: |\n\ttext",
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
