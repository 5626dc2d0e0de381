import Diagnostics
import Testing

@testable import cli

/// A command to read into.
private struct Sample {
    var isOn = false
    var isOther = false
    var isThird = true
    var text: String?
    var number: Int64?
    var list: [String] = []
    var operands: [String] = []

    static func grammar(endsFlags: Bool) -> Grammar<Sample> {
        Grammar(
            name: "sample", synopsis: "[OPTIONS] A [B]", summary: "A sample",
            flags: [
                .switch("interactive", "i", "", \.isOn), .switch("tty", "t", "", \.isOther),
                .switch("proxy", nil, "", \.isThird), .text("name", "n", "string", "", \.text),
                .value("memory", "m", "bytes", "", \.number, ByteSize.parseOrUnlimited),
                .list("env", "e", "list", "", \.list),
                .unsupported("publish", "p", "list", why: "there are no networks"),
            ], operands: .atLeast(1), endsFlagsAtFirstOperand: endsFlags,
            assign: { $0.operands = $1 })
    }

    /// What a command line sets, or the problem's text.
    static func read(_ words: String..., endsFlags: Bool = true) -> (Sample, String?) {
        var sample = Sample()
        let reader = CommandLineReader(
            command: "kade sample", grammar: grammar(endsFlags: endsFlags))
        do {
            switch try reader.read(words, into: &sample) {
            case .run: return (sample, nil)
            case .help: return (sample, "help")
            case .wrongOperands(let problem): return (sample, "\(problem)")
            }
        } catch {
            return (sample, "\(error)")
        }
    }
}

@Suite struct CommandLineReaderTests {
    @Test func `switches share one dash`() {
        let (sample, problem) = Sample.read("-it", "image")
        #expect(problem == nil)
        #expect(sample.isOn && sample.isOther)
    }

    @Test func `the last letter may have a value`() {
        #expect(Sample.read("-itm512m", "image").0.number == 536_870_912)
        #expect(Sample.read("-itm", "512m", "image").0.number == 536_870_912)
        #expect(Sample.read("-m=512m", "image").0.number == 536_870_912)
        #expect(Sample.read("-eA=B", "image").0.list == ["A=B"])
    }

    @Test func `a switch takes its value after the equal sign only`() {
        #expect(!Sample.read("-i", "-i=false", "image").0.isOn)
        #expect(!Sample.read("--proxy=false", "image").0.isThird)
        #expect(Sample.read("--interactive=1", "false").0.isOn)
        #expect(
            Sample.read("-i=maybe", "image").1
                == "invalid argument \"maybe\" for \"-i, --interactive\" flag: "
                + "'maybe' is neither true nor false")
    }

    @Test func `a value may look like a flag`() {
        #expect(Sample.read("--memory", "-1", "image").0.number == -1)
        #expect(Sample.read("--name", "--env", "image").0.text == "--env")
    }

    @Test func `repeated flags keep their order and the last value counts`() {
        let (sample, _) = Sample.read(
            "-e", "A=1", "--env=B=2", "-n", "a", "--name=b", "--env", "C", "image")
        #expect(sample.list == ["A=1", "B=2", "C"])
        #expect(sample.text == "b")
    }

    @Test func `flags end at the image`() {
        let (sample, _) = Sample.read("-i", "alpine", "ls", "-l", "--", "-t")
        #expect(sample.operands == ["alpine", "ls", "-l", "--", "-t"])
        #expect(!sample.isOther)
    }

    @Test func `elsewhere flags may stand behind operands`() {
        let (sample, _) = Sample.read("a", "-i", "b", "--", "-t", endsFlags: false)
        #expect(sample.operands == ["a", "b", "-t"])
        #expect(sample.isOn && !sample.isOther)
    }

    @Test func `a single dash is an operand`() {
        #expect(Sample.read("-", endsFlags: false).0.operands == ["-"])
    }

    @Test func `help is asked by --help and by -h where nothing else has it`() {
        #expect(Sample.read("--help").1 == "help")
        #expect(Sample.read("-h").1 == "help")
        #expect(Sample.read("image", "--help").1 == nil)
    }

    @Test(arguments: [
        (["--foo", "x"], "unknown flag: --foo"),
        (["-x", "x"], "unknown shorthand flag: 'x' in -x"),
        (["-itx", "x"], "unknown shorthand flag: 'x' in -itx"),
        (["--name"], "flag needs an argument: --name"),
        (["-im"], "flag needs an argument: 'm' in -im"),
        (["--=x"], "bad flag syntax: --=x"),
        (
            ["-m", "x", "image"],
            "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'"
        ),
        (
            ["-p", "80:80", "image"],
            "cannot use -p, --publish with 'kade sample': there are no networks"
        ),
        (
            [],
            "'kade sample' requires at least 1 argument: usage: kade sample [OPTIONS] A [B]"
        ),
    ])
    func `mistakes are told in pflag's words`(words: [String], text: String) {
        var sample = Sample()
        let reader = CommandLineReader(
            command: "kade sample", grammar: Sample.grammar(endsFlags: true))
        do {
            let reading = try reader.read(words, into: &sample)
            guard case .wrongOperands(let problem) = reading else {
                Issue.record("\(words) was taken")
                return
            }
            #expect("\(problem)" == text)
        } catch {
            #expect("\(error)" == text)
        }
    }

    @Test func `operand rules have Docker's sentences`() {
        #expect(OperandRule.none.complaint(about: 1) == "accepts no arguments")
        #expect(OperandRule.exactly(2).complaint(about: 1) == "requires 2 arguments")
        #expect(OperandRule.exactly(1).complaint(about: 1) == nil)
        #expect(OperandRule.atMost(1).complaint(about: 2) == "requires at most 1 argument")
        #expect(
            OperandRule.between(1, 2).complaint(about: 3)
                == "requires at least 1 and at most 2 arguments")
    }
}
