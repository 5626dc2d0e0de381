package import Diagnostics
package import Linux
package import OCI

/// A limit of a specification as what a file of the cgroup shall hold, for those who look.
package struct DeclaredLimit: Sendable, Equatable {
    package let controller: CgroupController
    /// The file's name; where kernels differ several, of which the first that exists counts.
    package let files: [String]
    /// What is written.
    package let value: String
    /// "linux.resources.memory.limit".
    package let spec: String
    package let why: String
}

extension ResourceLimits {
    /// The limits of a specification, in the order in which they are written; without devices.
    ///
    /// - Throws: when a value is wrong, or when the machine cannot keep a limit.
    package static func declared(
        by resources: RuntimeSpec.Resources, in cgroup: Cgroup
    ) throws(Problem) -> [DeclaredLimit] {
        try updateSteps(for: resources, in: cgroup).flatMap { step -> [WriteCgroupFile] in
            if let write = step as? WriteCgroupFile { return [write] }
            return (step as? WriteCgroupFilesTogether)?.writes ?? []
        }.map { write in
            DeclaredLimit(
                controller: write.controller, files: write.candidates.map(\.file),
                value: write.candidates.first?.values.joined(separator: ", ") ?? "",
                spec: write.spec, why: write.why)
        }
    }
}
