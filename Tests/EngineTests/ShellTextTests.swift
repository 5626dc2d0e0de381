import Foundation
import Testing

@testable import Engine

@Suite struct ShellTextTests {
    /// What a shell makes of a text.
    private func output(of script: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-euc", script]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script)")
        return String(decoding: data, as: UTF8.self)
    }

    @Test(arguments: [
        "plain", "/a/b-c.d:e,f=g@h%i+j_k", "", " ", "it's", "''", "$HOME `id` $(id) \\n \\", "\"",
        "two\nlines\n", "*?[a]~", "#no", "ünï-cödé", "-n", "a;b&c|d>e<f(g)", "\t", "!x",
    ])
    func `a word is what it was to a shell`(text: String) throws {
        #expect(try output(of: "printf %s \(text.shellWord)") == text)
    }

    @Test func `only what means something is quoted`() {
        #expect("/usr/bin".shellWord == "/usr/bin")
        #expect("mode=755,size=1m".shellWord == "mode=755,size=1m")
        #expect("it's".shellWord == #"'it'\''s'"#)
        #expect("".shellWord == "''")
    }

    @Test func `names that a shell can have are told from others`() {
        #expect("_a1".isShellName && "PATH".isShellName)
        #expect(!"".isShellName && !"1a".isShellName && !"a.b".isShellName && !"ä".isShellName)
        #expect(!"a=b".isShellName && !"a b".isShellName)
    }

    @Test func `no line of a comment is a command`() throws {
        var text = ShellText()
        text.part("One\necho title", "why\r\necho why\u{2028}echo \u{1b}]0;x\u{7} other")
        text.say(String(repeating: "word ", count: 60) + "\necho more")
        #expect(try output(of: text.text).isEmpty)
        #expect(text.text.split(separator: "\n").allSatisfy { $0.hasPrefix("#") && $0.count <= 98 })
        #expect(!text.text.contains("\u{1b}"))
    }

    @Test func `a script in a script ends where it ends`() throws {
        var inner = ShellText(after: 4)
        inner.part("Inner", "It has the word that would end it.")
        inner.run("echo 'one\nINSIDE\nINSIDE_\ntwo'")
        var outer = ShellText(after: 3)
        outer.write(inner, to: "/dev/stdout")
        #expect(outer.number == 5)
        #expect(try output(of: outer.text) == inner.text)
    }
}
