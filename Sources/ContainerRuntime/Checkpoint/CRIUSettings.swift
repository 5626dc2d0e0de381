import Diagnostics
import Linux
import OCI
package import SystemPackage

/// What `checkpoint` and `restore` tell CRIU alike.
package struct CRIUSettings: Sendable {
    /// CRIU's own path; nil looks in the usual places.
    package var program: FilePath?
    /// Where the images are.
    package var images: FilePath
    /// Where CRIU writes its log; nil is beside the images.
    package var work: FilePath?
    package var flags = CRIUFlags()
    package var cgroupMode = CRIUFlags.CgroupMode.soft

    package init(program: FilePath?, images: FilePath, work: FilePath?) {
        self.program = program
        self.images = images
        self.work = work
    }

    /// The path of one of CRIU's logs.
    func log(_ name: String) -> FilePath { (work ?? images).appending(name) }

    /// Asks CRIU whether it and the kernel can do what the flags want.
    func check(isPreDump: Bool) throws(Problem) {
        if flags.isLazy, try !CRIUService.has(\.hasLazyPages, program) {
            throw Problem(
                kind: .unsupported, what: "--lazy-pages",
                why: "this CRIU or kernel cannot restore pages later (userfaultfd)",
                fix: "leave it out")
        }
        if isPreDump, try !CRIUService.has(\.tracksMemory, program) {
            throw Problem(
                kind: .unsupported, what: "--pre-dump",
                why: "this CRIU or kernel cannot track changes of memory (CONFIG_MEM_SOFT_DIRTY)",
                fix: "leave it out")
        }
    }

    func openImages(isMade: Bool) throws(Problem) -> OwnedFD { try open(images, isMade: isMade) }

    func openWork() throws(Problem) -> OwnedFD? {
        guard let work else { return nil }
        return try open(work, isMade: true)
    }

    private func open(_ path: FilePath, isMade: Bool) throws(Problem) -> OwnedFD {
        try explaining("cannot open the directory \(path)") { () throws(SystemCallError) in
            if isMade { try Directory.makeAll(path, permissions: .ownerReadWriteExecute) }
            return try OwnedFD.open(path, [.readOnly, .directory])
        }
    }

    func options(
        images: borrowing OwnedFD, work: borrowing OwnedFD?, log: String
    ) -> CRIUOptions {
        var options = CRIUOptions(imagesDirectory: images.rawValue, root: "", logFile: log)
        switch work {
        case .some(let work): options.workDirectory = work.rawValue
        case .none: break
        }
        options.flags = flags
        options.cgroupMode = cgroupMode
        // What a network has is its manager's to make again, as with runc.
        options.emptyNamespaces = CloneFlags.newNetwork.rawValue
        return options
    }

    /// CRIU's own configuration, which wins over what it is asked for: the annotation
    /// `org.criu.config`, else runc's file.
    static func configurationFile(of spec: RuntimeSpec) -> String? {
        guard let file = spec.annotations["org.criu.config"] else {
            return "/etc/criu/runc.conf"
        }
        return file.isEmpty ? nil : file
    }

    /// What CRIU calls a namespace that is not the container's own.
    static func key(of kind: RuntimeSpec.Namespace.Kind) -> String? {
        switch kind {
        case .network: "extRootNetNS"
        case .pid: "extRootPidNS"
        default: nil
        }
    }
}
