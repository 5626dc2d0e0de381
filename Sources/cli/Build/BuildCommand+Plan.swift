import Build
import Diagnostics
import Engine
import OCI

/// `kade build --plan`: says what would be made, and makes nothing.
extension BuildCommand {
    func plan(in session: Session, _ plan: StepPlan) throws(Problem) -> ExitCode {
        try refuseRemoteContexts()
        var planned = self
        planned.agents = []  // whose keys they have decides about nothing
        let engine = try session.engine()
        var inputs = try BuildInputs(
            context: context, dockerfile: dockerfile, ignoreFile: ignoreFile, keepsHistory: false,
            steps: engine.steps
        ).find()
        defer { withExtendedLifetime(inputs) {} }
        var request = try planned.request(&inputs, in: session)
        request.plan = plan
        for directory in try emptiedDirectories(inputs, request, in: session) {
            try directory.check()
        }
        let interruption = try BuildInterruption()
        for part in try parts(of: request) {
            _ = try ImageBuild(part, with: engine, interruption: interruption) { event in
                // What is wrong with the Dockerfile is said; nothing else happens.
                guard case .warned(let text) = event else { return }
                try? session.warn(text)  // a terminal that is gone reads no plan either
            }.run()
        }
        noteOutputs(of: request, in: plan)
        return .success
    }

    /// A context that would have to be fetched or unpacked is not there to be looked at.
    private func refuseRemoteContexts() throws(Problem) {
        let isRemote =
            context == "-" || GitSource(context) != nil || context.hasPrefix("http://")
            || context.hasPrefix("https://")
        let other = contexts.first { named in
            if case .remote = named.source { true } else { false }
        }
        guard isRemote || other != nil else { return }
        throw Problem(
            kind: .unavailable, what: "cannot plan a build of \(other?.name ?? context)",
            why:
                "the context would be fetched or unpacked first, and the steps depend on its files",
            fix: "name a directory of this machine")
    }

    /// What becomes of the image, or of its files.
    private func noteOutputs(of request: BuildRequest, in plan: StepPlan) {
        func note(_ shell: String, _ why: String, _ spec: String) {
            plan.note(Explanation(shell: shell, why: why, spec: spec), by: .engine)
        }
        for output in wantedOutputs {
            switch output {
            case .directory(let target):
                if target.isExact {
                    note("rm -rf \(target.path)/*", "mode=delete empties it first", "--output")
                }
                note("cp -a FILES \(target.path)", "the files of the target", "--output")
            case .archive(let path):
                note("tar -cf \(path ?? "-") FILES", "the files of the target", "--output")
            case .image(let image): noteImage(image, isPushed: image.pushes || pushes, note)
            case .imageArchive(let image, let format, let path):
                noteImage(image, isPushed: false, note)
                note(
                    "kade save --format \(format)\(path.map { " -o \($0)" } ?? "")",
                    "the image as an archive", "--output")
            }
        }
        if let idFile { note("echo -n ID > \(idFile)", "the image's ID", "--iidfile") }
        if let metadataFile {
            note("echo … > \(metadataFile)", "what the build came to", "--metadata-file")
        }
        for export in request.cacheTargets {
            switch export.place {
            case .registry(let name): note("kade push \(name)", "others use it", "--cache-to")
            case .local(let path):
                note("kade save -o \(path)", "others use it", "--cache-to")
            case .inline: continue
            }
        }
    }

    private func noteImage(
        _ image: ImageOutput, isPushed: Bool, _ note: (String, String, String) -> Void
    ) {
        note("write the image's manifest and configuration", "the image of the target", "build")
        for name in tags + image.form.names {
            note("kade tag IMAGE \(name)", "the image has this name", "--tag")
            if isPushed { note("kade push \(name)", "its registry has it", "--push") }
        }
    }
}
