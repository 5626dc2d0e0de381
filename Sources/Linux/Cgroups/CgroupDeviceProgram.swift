import CLinux
import SystemPackage

/// A loaded eBPF program that decides which devices a version 2 cgroup may use.
///
/// Its type is `BPF_PROG_TYPE_CGROUP_DEVICE`; the kernel runs it at every `open(2)` and `mknod(2)`
/// of a device node (bpf(2); kernel, Documentation/bpf/prog_cgroup_*).
package struct CgroupDeviceProgram: ~Copyable {
    private let descriptor: OwnedFD

    /// Loads instructions of eight bytes each.
    ///
    /// - Throws: EPERM without `CAP_SYS_ADMIN` (or `CAP_BPF` and `CAP_NET_ADMIN`), or on kernels
    ///   before 5.11 when `RLIMIT_MEMLOCK` is too small; EINVAL when the verifier refuses it.
    package init(instructions: [UInt64]) throws(SystemCallError) {
        descriptor = OwnedFD(
            adopting: try kernel("bpf", "BPF_PROG_TYPE_CGROUP_DEVICE") {
                instructions.withUnsafeBytes {
                    clinux_bpf_load_device_program(
                        $0.baseAddress, UInt32(instructions.count), nil, 0)
                }
            })
    }

    /// Attaches the program to a cgroup's `BPF_CGROUP_DEVICE`, in place of those attached before.
    ///
    /// - Parameters:
    ///   - cgroup: the directory of a version 2 cgroup.
    ///   - isNew: whether the cgroup has just been made, and has no program yet.
    /// - Throws: EPERM when a program further up does not let others join it.
    package consuming func attach(
        to cgroup: borrowing OwnedFD, isNew: Bool = false
    ) throws(SystemCallError) {
        let previous = isNew ? [] : try Self.programs(of: cgroup)
        try kernel("bpf", "BPF_CGROUP_DEVICE") {
            clinux_bpf_attach_device_program(cgroup.rawValue, descriptor.rawValue)
        }
        for id in previous {
            let old = OwnedFD(
                adopting: try kernel("bpf", "BPF_PROG_GET_FD_BY_ID \(id)") {
                    clinux_bpf_open_program(id)
                })
            try kernel("bpf", "BPF_PROG_DETACH \(id)") {
                clinux_bpf_detach_device_program(cgroup.rawValue, old.rawValue)
            }
        }
    }

    /// The identifiers of the programs attached to a cgroup itself.
    package static func programs(
        of cgroup: borrowing OwnedFD
    ) throws(SystemCallError) -> [UInt32] {
        var ids = [UInt32](repeating: 0, count: 64)
        let count = try kernel("bpf", "BPF_PROG_QUERY") {
            clinux_bpf_query_device_programs(cgroup.rawValue, &ids, UInt32(ids.count))
        }
        return Array(ids[..<Int(count)])
    }
}
