package import Diagnostics
import Linux
import SystemPackage

/// A step that writes values into one file of the container's cgroup.
package struct WriteCgroupFile: SetupStep {
    let cgroup: Cgroup
    let controller: CgroupController
    /// The file's name, or where kernels differ several, of which the first that exists is written.
    let candidates: [Candidate]
    let spec: String
    let why: String
    let whenMissing: WhenMissing

    /// A file and what is written to it.
    struct Candidate: Sendable, Equatable {
        var file: String
        /// Each is a `write(2)` of its own.
        var values: [String]
    }

    /// What it means when the kernel lacks the file.
    enum WhenMissing: Sendable, Equatable {
        /// The limit cannot be kept: an error.
        case fail
        /// Nothing is lost: the value is what the kernel does anyway.
        case ignore
        /// The specification lets the container live without: a warning that says so.
        case warn(String)
    }

    init(
        _ cgroup: Cgroup, _ controller: CgroupController, _ file: String, _ value: String,
        spec: String, why: String, whenMissing: WhenMissing = .fail
    ) {
        self.init(
            cgroup, controller, candidates: [Candidate(file: file, values: [value])],
            spec: spec, why: why, whenMissing: whenMissing)
    }

    init(
        _ cgroup: Cgroup, _ controller: CgroupController, candidates: [Candidate],
        spec: String, why: String, whenMissing: WhenMissing = .fail
    ) {
        self.cgroup = cgroup
        self.controller = controller
        self.candidates = candidates
        self.spec = spec
        self.why = why
        self.whenMissing = whenMissing
    }

    package var explanation: Explanation {
        let first = candidates.first
        let directory = cgroup.directory(for: controller)?.string ?? cgroup.path
        let commands = (first?.values ?? []).map {
            "echo \($0) > \(directory)/\(first?.file ?? "")"
        }
        return Explanation(shell: commands.joined(separator: "; "), why: why, spec: spec)
    }

    package func run(in context: inout SetupContext) throws(Problem) {
        do {
            try write()
        } catch  where error.errno == .noSuchFileOrDirectory {
            switch whenMissing {
            case .ignore: return
            case .warn(let text): context.warn(text)
            case .fail: throw Problem(cgroup: what, error)
            }
        } catch {
            throw Problem(cgroup: what, error)
        }
    }

    /// Writes the first file that exists.
    func write() throws(SystemCallError) {
        for candidate in candidates.dropLast() {
            do {
                return try cgroup.write(candidate.values, to: candidate.file, of: controller)
            } catch  where error.errno == .noSuchFileOrDirectory {
                continue
            }
        }
        guard let last = candidates.last else { return }
        try cgroup.write(last.values, to: last.file, of: controller)
    }

    private var what: String {
        let values = candidates.first?.values.joined(separator: ", ") ?? ""
        return "cannot set \(spec) to \(values)"
    }
}

/// A step that writes files whose values depend on each other.
///
/// `memory.limit_in_bytes` may not exceed `memory.memsw.limit_in_bytes`, a quota must fit its
/// period: which has to be written first depends on whether the limits rise or fall. What the
/// kernel refuses is tried again after the others, until all are written or none can be.
package struct WriteCgroupFilesTogether: SetupStep {
    let writes: [WriteCgroupFile]
    let spec: String
    let why: String

    package var explanation: Explanation {
        Explanation(
            shell: writes.map(\.explanation.shell).joined(separator: "; "), why: why, spec: spec)
    }

    package func run(in context: inout SetupContext) throws(Problem) {
        var waiting = writes
        while !waiting.isEmpty {
            var refused: [WriteCgroupFile] = []
            var refusal: Problem?
            for write in waiting {
                do {
                    try write.run(in: &context)
                } catch  where error.kind == .invalid {
                    refused.append(write)
                    refusal = refusal ?? error
                }
            }
            if let refusal, refused.count == waiting.count { throw refusal }
            waiting = refused
        }
    }
}

extension Cgroup {
    /// The version in which a field's controller is available.
    ///
    /// - Throws: a `Problem` that names the field when the machine does not have the controller.
    func version(
        of controller: CgroupController, for field: String
    ) throws(Problem) -> CgroupVersion {
        guard let version = layout.version(of: controller) else {
            throw .missingController(controller, for: field)
        }
        return version
    }
}
