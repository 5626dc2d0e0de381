/// A JSON text in which a few values are others: the same members, with what a mistake or an attacker
/// could write there.
package func withValuesExchanged(
    _ text: [UInt8], using generator: inout SeededGenerator
) -> [UInt8] {
    var text = text
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
        guard let token = valueTokens(of: text).randomElement(using: &generator),
            let value = strangeValues.randomElement(using: &generator)
        else { return text }
        text.replaceSubrange(token, with: Array(value.utf8))
    }
    return text
}

/// The numbers, names and strings of a text that are values: not those before a colon.
private func valueTokens(of text: [UInt8]) -> [Range<Int>] {
    var tokens: [Range<Int>] = []
    var index = 0
    while index < text.count {
        let start = index
        index += 1
        switch text[start] {
        case UInt8(ascii: "\""):
            while index < text.count, text[index] != UInt8(ascii: "\"") {
                index += text[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            index = min(index + 1, text.count)
            let next = text[index...].first { $0 > 0x20 }
            if next != UInt8(ascii: ":") { tokens.append(start..<index) }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "t"),
            UInt8(ascii: "f"), UInt8(ascii: "n"):
            while index < text.count, !endsOfToken.contains(text[index]) { index += 1 }
            tokens.append(start..<index)
        default: continue
        }
    }
    return tokens
}

private let endsOfToken = Array(",]} \n".utf8)

/// The ends of every number type, and texts that a path, a list or a line could choke on.
private let strangeValues: [String] =
    [
        "0", "-1", "1", "2", "255", "256", "4095", "4096", "65535", "65536", "1048576", "262143",
        "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1.5", "1e400",
        "null", "true", "[]", "{}", #""""#,
    ] + strangeTexts.map { "\"\($0)\"" }

private let strangeTexts: [String] = [
    "/", "//", ".", "..", "../../..", "/../..", "a/../../b", "/proc/self/fd/3", "/dev/null", "x:y",
    "a:b:c", "-", "0-8191", "0-", "9-1", "0-8191,0-8191", "9223372036854775807",
    "-9223372036854775808", "18446744073709551616", "0=1", "=", "bind", "remount", "rbind",
    "idmap", "tmpcopyup", "ro", "net.//.x", "net/../x", #"a\u0000b"#, #"a\nb"#, #"\t"#, "é🦭",
    "SCMP_ACT_ALLOW", "SCMP_ACT_NOTIFY", "SCMP_CMP_MASKED_EQ", "SCMP_ARCH_ARM", "pid", "user",
    "cgroup", "proc", "read", "socketcall", "rshared", "b", "p", "RLIMIT_NPROC", "LINUX32",
    String(repeating: "x", count: 300), String(repeating: "/x", count: 3000),
]
