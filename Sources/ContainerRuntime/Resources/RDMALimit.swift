import Diagnostics
import Linux
import OCI

/// RDMA handles and objects: `linux.resources.rdma` (config-linux.md § RDMA).
///
/// The file is `rdma.max` in both versions: "mlx5_1 hca_handle=3 hca_object=10000".
enum RDMALimit {
    private static let field = "linux.resources.rdma"

    static func steps(
        for limits: [String: RuntimeSpec.RDMA], in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard !limits.isEmpty else { return [] }
        _ = try cgroup.version(of: .rdma, for: field)
        return limits.sorted { $0.key < $1.key }.map { device, limit in
            let words =
                [device]
                + [
                    limit.hcaHandles.map { "hca_handle=\($0)" },
                    limit.hcaObjects.map { "hca_object=\($0)" },
                ].compactMap { $0 }
            return WriteCgroupFile(
                cgroup, .rdma, "rdma.max", words.joined(separator: " "), spec: field,
                why: "how many handles and objects of \(device) the container may have")
        }
    }
}
