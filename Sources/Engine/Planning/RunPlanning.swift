import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

extension EngineContext {
    /// Notes what monitor, runtime and init would do with a container's bundle: the runtime's own
    /// plan of the specification that would be written.
    func planRun(
        of record: ContainerRecord, _ made: MadeSpec, noting plan: StepPlan
    ) throws(Problem) {
        let bundle = configuration.bundle(of: record.id)
        for mount in made.mounts {
            plan.note(
                mount.explanation(at: bundle.rootfs.pushing(FilePath(mount.at))), by: .monitor)
        }
        let sources = SourceMounts(made.sources, inBundle: bundle.directory, for: nil)
        for explanation in sources.explanations { plan.note(explanation, by: .monitor) }
        var spec = made.spec
        if record.request.network.attachments?.isEmpty == false, var linux = spec.linux {
            for index in linux.namespaces.indices
            where linux.namespaces[index].type == .network {
                // The monitor has made it, and holds it by such a descriptor.
                linux.namespaces[index].path = "/proc/self/ns/net"
            }
            spec.linux = linux
        }
        var request = Create.Request(
            id: record.id,
            bundle: Bundle(path: bundle.directory, spec: spec, configuration: spec.json()),
            root: RuntimeRoot(path: configuration.runtimeRoot), isStartedElsewhere: false)
        request.sharingNamespace = "/proc/self/ns/mnt"
        request.endsWithRuntime = true
        request.leavesInitToParent = true
        for planned in try request.plan().steps {
            plan.note(planned.step.explanation, by: planned.phase.actor)
        }
    }
}

extension EngineContext {
    /// Notes what the runtime and a further process in a container would do.
    func planExec(
        of process: RuntimeSpec.Process, passing descriptors: [Int32], in record: ContainerRecord,
        noting plan: StepPlan
    ) throws(Problem) {
        let root = RuntimeRoot(path: configuration.runtimeRoot)
        var request = Exec.Request(
            container: try RecordedContainer(record.id, in: root), process: process)
        request.keptDescriptors = descriptors
        for planned in try request.plan().steps {
            plan.note(planned.step.explanation, by: planned.phase.actor)
        }
    }
}
