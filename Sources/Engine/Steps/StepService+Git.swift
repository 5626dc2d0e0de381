import ContainerRuntime
package import Diagnostics
import Linux
package import SystemPackage

/// Repositories of git, by git's own program.
extension StepService {
    /// The commit that a repository has under a reference.
    ///
    /// - Parameters:
    ///   - address: of the repository.
    ///   - reference: a branch, a tag or a commit; nil is what the repository shows first.
    /// - Returns: the commit's number.
    /// - Throws: `.notFound` when the repository does not have the reference.
    package func commit(of address: String, reference: String?) throws(Problem) -> String {
        let reference = try Self.checked(reference)
        if Self.isCommit(reference) { return reference }
        let text = try git(
            ["ls-remote", "--", address, reference, "\(reference)^{}"], "cannot look at \(address)")
        var commits: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "\t")
            if words.count == 2 { commits[String(words[1])] = String(words[0]) }
        }
        // An annotated tag is an object of its own; ^{} is the commit that it names.
        for name in [
            reference, "refs/heads/\(reference)", "refs/tags/\(reference)^{}",
            "refs/tags/\(reference)", "\(reference)^{}",
        ] {
            if let commit = commits[name] { return commit }
        }
        throw Problem(
            kind: .notFound, what: "cannot use \(address)#\(reference)",
            why: "the repository has no such branch or tag")
    }

    /// Checks a repository out, with its submodules.
    ///
    /// - Parameters:
    ///   - address: of the repository.
    ///   - reference: a branch, a tag or a commit; nil is what the repository shows first.
    ///   - keepsHistory: whether `.git` stays.
    ///   - directory: an empty directory.
    /// - Throws: what git says.
    package func checkOut(
        _ address: String, reference: String?, keepsHistory: Bool, into directory: FilePath
    ) throws(Problem) {
        let reference = try Self.checked(reference)
        let what = "cannot fetch \(address)#\(reference)"
        let place = ["-C", directory.string]
        try git(place + ["init", "-q"], what)
        try git(place + ["remote", "add", "--", "origin", address], what)
        do throws(Problem) {
            try git(place + ["fetch", "-q", "--depth", "1", "origin", reference], what)
            try git(place + ["checkout", "-q", "--detach", "FETCH_HEAD"], what)
        } catch {
            // Not every server gives single commits, or any but those of branches and tags.
            try git(place + ["fetch", "-q", "--tags", "origin"], what)
            let known = Self.isCommit(reference) || reference == "HEAD"
            if reference == "HEAD" { throw error }
            do throws(Problem) {
                try git(place + ["checkout", "-q", "--detach", reference], what)
            } catch let second {
                if known { throw second }
                try git(place + ["checkout", "-q", "--detach", "origin/\(reference)"], what)
            }
        }
        try git(
            place + ["submodule", "-q", "update", "--init", "--recursive", "--depth", "1"], what)
        guard !keepsHistory else { return }
        do throws(SystemCallError) {
            try Directory.removeTree(directory.appending(".git"))
        } catch {
            throw Problem(what: what, refusal: error)
        }
    }

    private static func checked(_ reference: String?) throws(Problem) -> String {
        let reference = reference ?? "HEAD"
        guard !reference.hasPrefix("-") else {
            throw Problem(
                kind: .invalid, what: "cannot use the reference \(reference)",
                why: "no branch, tag or commit begins with a dash")
        }
        return reference
    }

    private static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64) && text.utf8.allSatisfy(isHexDigit)
    }

    /// Runs git, with nothing of the user's settings that would change files.
    ///
    /// - Returns: what it writes.
    @discardableResult
    private func git(_ arguments: [String], _ what: String) throws(Problem) -> String {
        let candidates = context.configuration.searchPath.map { $0.appending("git") }
        guard let program = candidates.first(where: { File.exists($0) }) else {
            throw Problem(
                kind: .unavailable, what: what, why: "there is no git in PATH",
                fix: "install it: apt install git")
        }
        let output = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.memory(named: "git-output")
        }
        let errors = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.memory(named: "git-errors")
        }
        let settings = [
            "core.autocrlf=false", "core.symlinks=true", "core.hooksPath=/dev/null",
            "core.fsmonitor=false", "init.defaultBranch=main", "protocol.ext.allow=never",
        ]
        let child = try SpawnedProgram(
            program, arguments: ["git"] + settings.flatMap { ["-c", $0] } + arguments,
            environment: context.configuration.helperEnvironment.filter {
                !$0.hasPrefix("GIT_DIR=")
            } + ["GIT_TERMINAL_PROMPT=0"],
            descriptors: [-1, output.rawValue, errors.rawValue], hasOwnSession: false)
        let code = try child.wait()
        let texts = try explaining(what) { () throws(SystemCallError) in
            try output.seek(toOffsetInBytes: 0)
            try errors.seek(toOffsetInBytes: 0)
            return [try output.readAll(), try errors.readAll()].map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        guard code == 0 else {
            let lines = texts[1].split(separator: "\n").filter { !$0.hasPrefix("hint:") }
            throw Problem(
                kind: .unavailable, what: what,
                why: lines.last.map(String.init) ?? "git ended with exit code \(code)")
        }
        return texts[0]
    }
}
