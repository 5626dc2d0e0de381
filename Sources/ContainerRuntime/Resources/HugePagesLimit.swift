import Diagnostics
import Linux
import OCI

/// Huge pages: `linux.resources.hugepageLimits` (config-linux.md § Huge page limits).
///
/// | | version 1 | version 2 |
/// |---|---|---|
/// | pages in use | `hugetlb.2MB.limit_in_bytes` | `hugetlb.2MB.max` |
/// | pages reserved (Linux 5.7) | `hugetlb.2MB.rsvd.limit_in_bytes` | `hugetlb.2MB.rsvd.max` |
///
/// A reservation is refused when it is made, a page in use with SIGBUS when it is touched: both are
/// limited where the kernel has both.
enum HugePagesLimit {
    private static let field = "linux.resources.hugepageLimits"

    static func steps(
        for limits: [RuntimeSpec.HugePageLimit], in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard !limits.isEmpty else { return [] }
        let suffix =
            switch try cgroup.version(of: .hugetlb, for: field) {
            case .v1: "limit_in_bytes"
            case .v2: "max"
            }
        var steps: [any SetupStep] = []
        for limit in limits {
            guard isPageSize(limit.pageSize) else {
                throw .invalidLimit(
                    "\(field).pageSize", "\"\(limit.pageSize)\" is not a size such as 2MB or 1GB")
            }
            for (kind, whenMissing) in [
                ("", WriteCgroupFile.WhenMissing.fail), ("rsvd.", .ignore),
            ] {
                steps.append(
                    WriteCgroupFile(
                        cgroup, .hugetlb, "hugetlb.\(limit.pageSize).\(kind)\(suffix)",
                        "\(limit.limit)", spec: field,
                        why: "the container may use this many bytes of \(limit.pageSize) pages",
                        whenMissing: whenMissing))
            }
        }
        return steps
    }

    /// Whether a text is a number and KB, MB or GB, as the kernel names its files.
    private static func isPageSize(_ text: String) -> Bool {
        guard ["KB", "MB", "GB"].contains(text.suffix(2)), text.first != "0" else { return false }
        return text.count > 2 && text.dropLast(2).allSatisfy { ("0"..."9").contains($0) }
    }
}
