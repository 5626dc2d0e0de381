import Diagnostics
import OCI
import Testing

@testable import cli

/// What a template makes of a value, or its error's text.
private func filled(_ template: String, _ value: JSONValue = sample) -> String {
    do {
        return try TemplateEvaluator.text(
            of: TemplateParser.parse(template), with: value, isHeader: false)
    } catch {
        return error.text
    }
}

private let sample: JSONValue = [
    "ID": "abc", "Count": 3, "Open": true, "Closed": false, "Empty": "", "Nothing": nil,
    "Args": ["a", "b", "c"],
    "Config": ["Labels": ["stage": "prod", "com.a.b": "x"], "Env": ["A=1"]],
    "Mounts": [["Source": "/a", "RW": true], ["Source": "/b", "RW": false]],
    "Label": ["stage": "prod"],
]

@Suite struct TemplateTests {
    @Test(arguments: [
        ("{{.ID}}", "abc"),
        ("id={{.ID}} n={{.Count}} {{.Open}}", "id=abc n=3 true"),
        ("{{.Config.Labels.stage}}", "prod"),
        ("{{.Config.Labels.none}}", "<no value>"),
        ("{{.Nothing}}", "<nil>"),
        ("{{.Args}} {{.Config.Labels}}", "[a b c] map[com.a.b:x stage:prod]"),
        ("{{json .Args}}", "[\"a\",\"b\",\"c\"]"),
        ("{{.Args | json}}", "[\"a\",\"b\",\"c\"]"),
        ("{{join .Args \",\"}}", "a,b,c"),
        ("{{index .Args 1}}{{index .Config.Labels \"com.a.b\"}}", "bx"),
        ("{{(index .Mounts 0).Source}}", "/a"),
        ("{{index .Config.Labels \"none\"}}!", "!"),
        ("{{len .Args}} {{len .ID}}", "3 3"),
        ("{{.Label \"stage\"}}|{{.Label \"none\"}}", "prod|"),
        ("{{upper .ID}}{{lower \"ABC\"}}{{title \"new york\"}}", "ABCabcNew York"),
        ("{{pad .ID 1 2}}|{{truncate .ID 2}}", " abc  |ab"),
        ("{{range split \"a/b\" \"/\"}}<{{.}}>{{end}}", "<a><b>"),
        ("{{slice .ID 1 2}}", "b"),
    ])
    func `fields and functions`(template: String, text: String) {
        #expect(filled(template) == text)
    }

    @Test(arguments: [
        ("{{if .Open}}yes{{else}}no{{end}}", "yes"),
        ("{{if .Closed}}a{{else if .Empty}}b{{else if eq .Count 3}}c{{end}}", "c"),
        ("{{range .Mounts}}{{.Source}};{{end}}", "/a;/b;"),
        ("{{range $i, $e := .Args}}{{$i}}{{$e}} {{end}}", "0a 1b 2c "),
        ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}", "com.a.b=x stage=prod "),
        ("{{range .Nothing}}x{{else}}none{{end}}", "none"),
        ("{{range .Args}}{{if eq . \"b\"}}{{continue}}{{end}}{{.}}{{end}}", "ac"),
        ("{{range .Args}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}", "a"),
        ("{{with .Config}}{{index .Env 0}} {{$.ID}}{{end}}", "A=1 abc"),
        ("{{with .Empty}}x{{else}}y{{end}}", "y"),
        ("{{$x := .ID}}{{$x}}{{$x = \"z\"}}{{$x}}", "abcz"),
        ("{{/* a comment */}}x", "x"),
        ("a  {{- .ID -}}  b", "aabcb"),
        ("{{- /* c */ -}} b", "b"),
        ("{{`raw {{`}}", "raw {{"),
    ])
    func `control and variables`(template: String, text: String) {
        #expect(filled(template) == text)
    }

    @Test(arguments: [
        ("{{and .Open .ID}} {{or .Empty .ID}} {{not .Open}}", "abc abc false"),
        ("{{eq .ID \"x\" \"abc\"}} {{ne .Count 2}} {{lt .Count 4}}", "true true true"),
        ("{{gt .Count 4}} {{le 3 .Count}} {{ge 2 .Count}}", "false true false"),
        ("{{print .ID 1 2}}|{{println .ID 1}}", "abc1 2|abc 1\n"),
        ("{{printf \"%s %d %v %q %x\" .ID .Count .Open .ID 255}}", "abc 3 true \"abc\" ff"),
        ("{{printf \"%-5s|%5s|%05d|%.2s|%%\" .ID .ID .Count .ID}}", "abc  |  abc|00003|ab|%"),
        ("{{printf \"%.2f %d\" 1.5 .ID}}", "1.50 %!d(string=abc)"),
        ("{{printf \"%s\"}}", "%!s(MISSING)"),
        ("{{.ID | printf \"%s-%s\" \"x\"}}", "x-abc"),
    ])
    func `logic, comparison and printf`(template: String, text: String) {
        #expect(filled(template) == text)
    }

    @Test(arguments: [
        ("{{.ID", "template: :1: unclosed action"),
        ("{{foo .ID}}", "template: :1: function \"foo\" not defined"),
        ("{{if .ID}}", "template: :1: unexpected EOF"),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{$x}}", "template: :1: undefined variable \"$x\""),
        ("{{}}", "template: :1: missing value for command"),
        ("{{\"abc}}", "template: :1: unterminated quoted string"),
        ("{{/* x }}", "template: :1: unclosed comment"),
        (
            "{{.Foo}}", "template: :1: executing \"\" at <.Foo>: map has no entry for key \"Foo\""
        ),
        (
            "{{.ID.Foo}}",
            "template: :1: executing \"\" at <.ID.Foo>: can't evaluate field Foo in abc"
        ),
        (
            "{{index .Args 9}}",
            "template: :1: executing \"\" at <index>: error calling index: index out of range: 9"
        ),
        (
            "{{lt .ID 1}}",
            "template: :1: executing \"\" at <lt>: error calling lt: incompatible types for "
                + "comparison"
        ),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
    ])
    func `errors are those of Go's package`(template: String, text: String) {
        #expect(filled(template) == text)
    }
}

@Suite struct ListingTests {
    let listing = Listing(
        columns: [
            .init(member: "ID", title: "CONTAINER ID"), .init(member: "Names", title: "NAMES"),
        ],
        titles: ["ID": "CONTAINER ID", "Names": "NAMES"],
        rows: [
            ["ID": "abc", "Names": "web", "Label": ["stage": "prod"]],
            ["ID": "defghijklmnop", "Names": "database", "Label": [:]],
        ])

    @Test func `the table pads its columns`() throws {
        #expect(
            try listing.text(in: Format("table")) == """
                CONTAINER ID    NAMES
                abc             web
                defghijklmnop   database

                """)
    }

    @Test func `a template has a line for each row`() throws {
        #expect(
            try listing.text(in: Format("{{.ID}}: {{.Label \"stage\"}}"))
                == "abc: prod\ndefghijklmnop: \n")
    }

    @Test func `a table template has titles`() throws {
        #expect(
            try listing.text(in: Format("table {{upper .Names}}\\t{{.Label \"stage\"}}")) == """
                NAMES      STAGE
                WEB        prod
                DATABASE   

                """)
    }

    @Test func `json has an object a line and no helper members`() throws {
        #expect(
            try listing.text(in: Format("json"))
                == "{\"ID\":\"abc\",\"Names\":\"web\"}\n"
                + "{\"ID\":\"defghijklmnop\",\"Names\":\"database\"}\n")
    }

    @Test func `a bad template is one problem`() {
        #expect {
            try Format("{{.ID")
        } throws: { error in
            (error as? Problem)?.description
                == "template parsing error: template: :1: unclosed action"
        }
    }
}

@Suite struct HumanUnitsTests {
    @Test(
        arguments: [
            (0, "0B"), (999, "999B"), (1000, "1kB"), (7_795_000, "7.8MB"), (133_000_000, "133MB"),
            (1_234_567_890, "1.23GB"),
        ] as [(Int64, String)])
    func `sizes have three digits`(bytes: Int64, text: String) {
        #expect(HumanUnits.size(bytes, digits: 3) == text)
    }

    @Test func `binary sizes have four`() {
        #expect(HumanUnits.binarySize(536_870_912) == "512MiB")
        #expect(HumanUnits.binarySize(1_610_612_736) == "1.5GiB")
        #expect(HumanUnits.binarySize(25_200_541_696) == "23.47GiB")
    }
}
