import Diagnostics
import Engine
import Linux

/// Prints a container's steps on standard error, for the tour of `run host`.
struct StepPrinter {
    let engine: Engine
    let session: Session

    /// Prints the steps, or a warning where they cannot be had: the container did its work anyway.
    func print(_ id: String) throws(Problem) {
        do {
            try printRecorded(id)
        } catch {
            try session.warn("\(error)")
        }
    }

    /// Waits a moment for the record, which the monitor writes after the program runs.
    private func printRecorded(_ id: String) throws(Problem) {
        for _ in 0..<100 {
            if let steps = try recorded(id), !steps.isEmpty {
                try session.error.write("\n" + StepTable.text(of: steps, isTruncated: true))
                return
            }
            do { _ = try Poll.wait(for: [], [], milliseconds: 10) } catch {
                throw Problem(
                    kind: .bug, what: "cannot wait for the steps", why: "\(error)", cause: error)
            }
        }
        try session.warn("no steps of container \(Table.shortID(id)) were recorded")
    }

    private func recorded(_ id: String) throws(Problem) -> [StepRecord]? {
        do {
            return try engine.containers.steps(of: id)
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }
}
