package import Diagnostics
import OCI

/// What builds may be made of, and what takes the place of what (BuildKit, docs/source-policy).
package struct SourcePolicy: Sendable, Equatable {
    /// The file, for errors.
    let file: String
    private var rules: [Rule] = []

    /// What is to be fetched.
    struct Source: Sendable, Equatable {
        /// `docker-image://…`, `https://…`, `git://…`, `oci-layout://…` or `local://…`.
        var identifier: String
        /// The checksum that a file of the web must have.
        var checksum: String?
    }

    fileprivate struct Rule: Sendable, Equatable {
        var action = Action.allow
        /// What it is about.
        var pattern = ""
        var matching = Matching.wildcard
        /// What comes in its place.
        var identifier: String?
        var checksum: String?
    }

    /// What a pattern is; a source that is the pattern itself is meant by each.
    fileprivate enum Matching: Sendable, Equatable {
        case exact, wildcard
        case expression(RegularExpression)
    }

    fileprivate enum Action: String {
        case allow = "ALLOW"
        case deny = "DENY"
        case convert = "CONVERT"
    }

    /// How often a source may become another one.
    private static let mostConversions = 10

    /// Reads a policy.
    ///
    /// - Throws: `.invalid` for what is none; `.unsupported` for what Kade does not know of it: it
    ///   might be meant to protect.
    package init(json text: [UInt8], named file: String) throws(Problem) {
        self.file = file
        let root = try JSONValue.parse(text, named: file)
        guard let members = root.object?.members else { throw mistake("it is no object") }
        for member in members {
            switch member.name {
            case "version" where member.value.int.map { $0 <= 1 } == true: continue
            case "rules":
                for rule in member.value.array ?? [] { rules.append(try self.rule(rule)) }
            default: throw unknown(member)
            }
        }
    }

    private func rule(_ value: JSONValue) throws(Problem) -> Rule {
        guard let members = value.object?.members else { throw mistake("a rule is no object") }
        var rule = Rule()
        for member in members {
            switch member.name {
            case "action":
                guard let action = member.value.string.flatMap(Action.init) else {
                    throw unknown(member)
                }
                rule.action = action
            case "selector": try select(member.value, &rule)
            case "updates": try update(member.value, &rule)
            default: throw unknown(member)
            }
        }
        guard !rule.pattern.isEmpty else { throw mistake("a rule selects nothing") }
        guard rule.action != .convert || rule.identifier != nil || rule.checksum != nil else {
            throw mistake("a rule converts \(rule.pattern) to nothing")
        }
        return rule
    }

    private func select(_ value: JSONValue, _ rule: inout Rule) throws(Problem) {
        var isExpression = false
        for member in value.object?.members ?? [] {
            switch (member.name, member.value.string) {
            case ("identifier", let text?): rule.pattern = text
            case ("matchType", "EXACT"?), ("match_type", "EXACT"?): rule.matching = .exact
            case ("matchType", "WILDCARD"?), ("match_type", "WILDCARD"?): rule.matching = .wildcard
            case ("matchType", "REGEX"?), ("match_type", "REGEX"?): isExpression = true
            default: throw unknown(member)
            }
        }
        guard isExpression else { return }
        do throws(RegularExpression.Mistake) {
            rule.matching = .expression(try RegularExpression(rule.pattern))
        } catch {
            throw mistake("\(rule.pattern) is no regular expression: \(error.why)")
        }
    }

    private func update(_ value: JSONValue, _ rule: inout Rule) throws(Problem) {
        for member in value.object?.members ?? [] {
            switch (member.name, member.value) {
            case ("identifier", .string(let text)): rule.identifier = text
            case ("attrs", .object(let attributes)):
                for attribute in attributes.members {
                    guard attribute.name == "http.checksum", let text = attribute.value.string
                    else { throw unknown(attribute) }
                    rule.checksum = text
                }
            default: throw unknown(member)
            }
        }
    }

    private func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot use the source policy \(file)", why: why)
    }

    private func unknown(_ member: JSONObject.Member) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot use the source policy \(file)",
            why: "this version of Kade does not know \(member.name): \(member.value.jsonString())")
    }

    // MARK: Use

    /// What is fetched in the place of a source; of rules that allow and deny the last one counts.
    ///
    /// - Throws: `.denied` where it may not be used.
    func source(for identifier: String) throws(Problem) -> Source {
        var source = Source(identifier: identifier)
        for _ in 0...Self.mostConversions {
            guard let next = try converted(source) else { return source }
            source = next
        }
        throw mistake("\(identifier) becomes another source again and again")
    }

    /// What a source becomes by the first rule that makes it another one; nil where none does.
    private func converted(_ source: Source) throws(Problem) -> Source? {
        var isDenied = false
        for rule in rules {
            guard rule.isAbout(source.identifier) else { continue }
            switch rule.action {
            case .allow: isDenied = false
            case .deny: isDenied = true
            case .convert:
                var new = source
                new.identifier = rule.converted(source.identifier)
                new.checksum = rule.checksum ?? new.checksum
                if new != source { return new }
            }
        }
        guard isDenied else { return nil }
        throw Problem(
            kind: .denied, what: "cannot use \(source.identifier)",
            why: "the source policy \(file) does not allow it")
    }

    /// A text with `${1}` and the like filled in.
    fileprivate static func filled(_ text: String, _ captures: [String]) -> String {
        var filled = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            filled += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            guard rest.first == "{", let end = rest.firstIndex(of: "}"),
                let number = Int(rest[..<end].dropFirst()), captures.indices.contains(number - 1)
            else {
                filled += "$"
                continue
            }
            filled += captures[number - 1]
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }
}

extension SourcePolicy.Rule {
    fileprivate func isAbout(_ identifier: String) -> Bool {
        if identifier == pattern { return true }
        return switch matching {
        case .exact: false
        case .wildcard: StarPattern(pattern).matches(identifier)
        case .expression(let expression): expression.matches(identifier)
        }
    }

    /// What a source becomes that the rule is about.
    fileprivate func converted(_ source: String) -> String {
        guard let identifier else { return source }
        return switch matching {
        case .exact: identifier
        case .wildcard:
            SourcePolicy.filled(identifier, StarPattern(pattern).captures(of: source) ?? [])
        case .expression(let expression): expression.replaceAll(in: source, with: identifier)
        }
    }
}
