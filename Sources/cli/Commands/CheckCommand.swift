import Diagnostics
import Engine

/// `kade system check`: verifies the image store, and repairs it on demand.
struct CheckCommand: Command {
    var repairs = false

    static var grammar: Grammar<CheckCommand> {
        Grammar(
            name: "check", synopsis: "[OPTIONS]",
            summary: "Verify all images: blobs, manifests and unpacked layers",
            discussion: """
                It computes the digest of every blob, looks whether each image is whole, and
                compares every file of the unpacked layers with its blob: kind, mode, owner, size,
                time, attributes and content. The exit code is 1 where something is wrong. With
                --repair damaged blobs are pulled again by their digests, and damaged layers are
                unpacked again; containers that run are left alone.
                """,
            flags: [
                .switch("repair", "r", "Get what is damaged again", \.repairs)
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let system = try session.engine().system
        guard repairs else {
            let report = try system.check()
            try show(report, in: session)
            return report.faults.isEmpty ? .success : .failure
        }
        let repair = try system.repair()
        try show(repair.before, in: session)
        guard !repair.before.faults.isEmpty else { return .success }
        for problem in repair.problems {
            try session.error.write(ProblemText.text(of: problem, level: session.globals.level))
        }
        let (found, left) = (repair.before.faults.count, repair.after.faults.count)
        try session.output.writeLine(
            left == 0 ? "All faults are repaired." : "\(left) faults are left of \(found):")
        if left > 0 { try showFaults(repair.after, in: session) }
        return left == 0 ? .success : .failure
    }

    private func show(_ report: StoreReport, in session: Session) throws(Problem) {
        try showFaults(report, in: session)
        let size = HumanUnits.size(report.blobsInBytes, digits: 4)
        try session.output.writeLine(
            "Checked \(report.blobs) blobs (\(size)) and \(report.layers) unpacked layers: "
                + (report.faults.isEmpty ? "no fault." : "\(report.faults.count) faults."))
        if report.uncomparedLayers > 0 {
            try session.output.writeLine(
                "\(report.uncomparedLayers) layers have no blob to be compared with.")
        }
    }

    private func showFaults(_ report: StoreReport, in session: Session) throws(Problem) {
        for fault in report.faults {
            let thing =
                switch fault.kind {
                case "layer": "unpacked layer"
                case "missing": "missing blob"
                default: "blob"
                }
            let images =
                fault.images.isEmpty ? "" : " (of \(fault.images.joined(separator: ", ")))"
            try session.output.writeLine("\(thing) \(fault.digest)\(images): \(fault.why)")
        }
    }
}
