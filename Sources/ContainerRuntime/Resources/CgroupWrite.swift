package import Diagnostics
package import Linux
package import OCI

/// What is written to a file of a new cgroup, for those who write it down as commands.
package struct CgroupWrite: Sendable, Equatable {
    package let controller: CgroupController
    /// The file's name and what is written to it, each a `write(2)` of its own; where kernels differ
    /// several, of which the first that exists counts.
    package let candidates: [Candidate]
    /// Whether the container lives without, where the kernel has no such file.
    package let mayBeMissing: Bool
    package let why: String

    package struct Candidate: Sendable, Equatable {
        package let file: String
        package let values: [String]
    }
}

extension ResourceLimits {
    /// All that the limits of a specification make of a new cgroup, in its order, devices too.
    package struct Written: Sendable {
        package var writes: [CgroupWrite] = []
        /// What is no write to a file.
        package var others: [Explanation] = []
    }

    /// What ``steps(for:in:on:)`` would do.
    ///
    /// - Throws: when a value is wrong, or when the machine cannot keep a limit.
    package static func written(
        for resources: RuntimeSpec.Resources, in cgroup: Cgroup, on host: HostFacts
    ) throws(Problem) -> Written {
        var written = Written()
        for step in try steps(for: resources, in: cgroup, on: host) {
            switch step {
            case let step as WriteCgroupFile: written.writes.append(CgroupWrite(step))
            case let step as WriteCgroupFilesTogether:
                written.writes += step.writes.map { CgroupWrite($0) }
            default: written.others.append(step.explanation)
            }
        }
        return written
    }
}

extension CgroupWrite {
    fileprivate init(_ step: WriteCgroupFile) {
        self.init(
            controller: step.controller,
            candidates: step.candidates.map { Candidate(file: $0.file, values: $0.values) },
            mayBeMissing: step.whenMissing != .fail, why: step.why)
    }
}
