import ContainerRuntime
package import Diagnostics
import Linux
import SystemPackage

/// What a prune of volumes has removed.
package struct PrunedVolumes: Sendable {
    package var names: [String] = []
    package var reclaimedInBytes: Int64 = 0
}

extension VolumeService {
    /// Removes volumes that no container has: anonymous ones, or all.
    ///
    /// - Parameters:
    ///   - filter: which of them.
    ///   - includingNamed: takes those with a name too.
    /// - Returns: what is gone.
    /// - Throws: what could not be removed.
    package func prune(
        _ filter: VolumeFilter, includingNamed: Bool
    ) throws(Problem) -> PrunedVolumes {
        try context.removeVolumeLeftovers()
        let matcher = try VolumeMatcher(filter)
        let candidates = try context.database.read { database throws(Problem) in
            let links = try database.volumeLinks()
            return try database.volumes().filter { volume in
                links[volume.name] == 0 && (includingNamed || volume.isAnonymous)
                    && matcher.matches(volume, links: 0)
            }
        }
        var pruned = PrunedVolumes()
        for volume in candidates {
            let size = try measure(
                context.configuration.volumesDirectory.appending(volume.name)
            ).allocatedInBytes
            do throws(Problem) {
                try remove(volume.name)
                pruned.names.append(volume.name)
                pruned.reclaimedInBytes += size
            } catch  where error.kind == .notFound || error.kind == .conflict {
                continue  // another command was faster: it is gone, or a container has it now
            }
        }
        context.tell(.prune, of: .volume, "", ["reclaimed": "\(pruned.reclaimedInBytes)"])
        return pruned
    }
}
