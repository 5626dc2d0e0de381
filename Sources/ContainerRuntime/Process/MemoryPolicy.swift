import Diagnostics
import Linux
import OCI
import SystemPackage

/// From which memory nodes the program gets memory: `linux.memoryPolicy` (runtime-spec 1.3,
/// config-linux.md § Memory policy; set_mempolicy(2)).
struct SetMemoryPolicy: SetupStep {
    let policy: RuntimeSpec.MemoryPolicy

    var explanation: Explanation {
        let mode = policy.mode.rawValue.dropFirst("MPOL_".count).lowercased()
            .split(separator: "_").joined(separator: "-")
        return Explanation(
            shell: "numactl --\(mode)\(policy.nodes.map { "=\($0)" } ?? "") …",
            why: "from which memory nodes the program gets memory", spec: "linux.memoryPolicy")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let what = "cannot set the memory policy \(policy.mode.rawValue)"
        guard let nodes = policy.nodes.map(NumberList.parse) ?? [] else {
            throw Problem(
                kind: .invalid, what: what,
                why: "linux.memoryPolicy.nodes is \"\(policy.nodes ?? "")\"",
                fix: "write a list like 0-3,7")
        }
        do throws(SystemCallError) {
            try setMemoryPolicy(mode: number, nodes: nodes)
        } catch  where error.errno == .noFunction {
            throw Problem(
                kind: .unsupported, what: what, why: "this kernel knows no memory nodes (NUMA)",
                fix: "remove linux.memoryPolicy", cause: error)
        } catch  where error.errno == .invalidArgument {
            throw Problem(
                kind: .invalid, what: what,
                why: "the kernel does not take the mode with these nodes and flags",
                fix: "MPOL_DEFAULT and MPOL_LOCAL want no nodes, the others some that are online",
                cause: error)
        } catch {
            throw Problem(what: what, refusal: error)
        }
    }

    /// The mode and its flags as `set_mempolicy(2)` numbers them.
    private var number: Int32 {
        let mode: Int32 =
            switch policy.mode {
            case .default: 0
            case .preferred: 1
            case .bind: 2
            case .interleave: 3
            case .local: 4
            case .preferredMany: 5
            case .weightedInterleave: 6
            }
        return policy.flags.reduce(mode) { number, flag in
            switch flag {
            case .numaBalancing: number | 1 << 13
            case .relativeNodes: number | 1 << 14
            case .staticNodes: number | 1 << 15
            }
        }
    }
}
