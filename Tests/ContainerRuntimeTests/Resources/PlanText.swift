import Diagnostics
import Linux

@testable import ContainerRuntime

extension Cgroup {
    /// The cgroup of a container on a machine of one version.
    static func web(_ version: CgroupVersion) -> Cgroup {
        Cgroup(layout: version == .v1 ? .version1 : .version2, path: "/kade/web")
    }
}

/// The commands of a plan without the directories, one for each line: "echo 1 > pids.max".
func commands(_ steps: [any SetupStep]) -> [String] {
    steps.flatMap { step in
        step.explanation.shell.replacing("/sys/fs/cgroup/", with: "").split(separator: "; ")
            .map { command in
                guard let arrow = command.firstRange(of: " > ") else { return String(command) }
                let file = command[arrow.upperBound...].split(separator: "/").last ?? ""
                return command[..<arrow.upperBound] + String(file)
            }
    }
}
