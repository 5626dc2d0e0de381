import Diagnostics
import NIOPosix
import OCI
import Storage
import Synchronization
import Unpacking

/// Brings the parts of an arriving layer that somebody wants to read.
///
/// The layer as a whole comes beside that, by the usual ``LayerPull``; what has come of it need not
/// be asked for again.
final class LayerArrival: Sendable {
    let blob: PullParts.Blob
    let layer: ArrivingLayer
    private let parts: [ArrivingContents.Part]
    /// What of the data comes before anybody reads it.
    private let prioritized: Range<Int64>
    private let pull: ImagePull
    private let state: Mutex<State>

    private struct State {
        /// Whether each part is in place.
        var isHere: [Bool]
        /// What brings parts that are on their way.
        var coming: [Int: Task<Void, any Error>] = [:]
    }

    /// What is asked for at once where so much is missing: a request costs as much as some bytes.
    private static let usualBytes: Int64 = 256 << 10
    /// What is asked for at once at most, and the most that is skipped between two parts for that.
    private static let (mostBytes, widestGap): (Int64, Int64) = (4 << 20, 64 << 10)

    init(
        _ blob: PullParts.Blob, _ layer: ArrivingLayer, _ contents: ArrivingContents,
        pull: ImagePull
    ) {
        self.blob = blob
        self.layer = layer
        parts = contents.parts
        prioritized = contents.prioritized
        self.pull = pull
        state = Mutex(State(isHere: Array(repeating: false, count: parts.count)))
    }

    /// Brings what the image's maker wants to be here first, while other transfers wait.
    func fetchPrioritized(_ brake: TransferBrake) {
        guard !has(prioritized) else { return }
        brake.hold()
        Task {
            defer { brake.release() }
            // Whoever reads what did not come asks again, and learns why.
            try? await fetch(prioritized)
        }
    }

    /// Whether all of a range of the data is in place.
    func has(_ range: Range<Int64>) -> Bool {
        state.withLock { state in indexes(of: range).allSatisfy { state.isHere[$0] } }
    }

    /// Brings all of a range of the data.
    func fetch(_ range: Range<Int64>) async throws {
        let tasks = state.withLock { state in
            let wanted = indexes(of: range)
            var missing = wanted.filter { !state.isHere[$0] && state.coming[$0] == nil }
            extend(&missing, state)
            for group in groups(missing) {
                let task = Task { try await self.bring(group) }
                for index in group { state.coming[index] = task }
            }
            return wanted.compactMap { state.coming[$0] }
        }
        for task in tasks { try await task.value }
    }

    /// Adds the parts behind the last one that is missing: they are likely to be wanted next.
    private func extend(_ missing: inout [Int], _ state: borrowing State) {
        guard let first = missing.first else { return }
        while let last = missing.last, last + 1 < parts.count, !state.isHere[last + 1],
            state.coming[last + 1] == nil,
            parts[last + 1].blob.upperBound - parts[first].blob.lowerBound <= Self.usualBytes
        {
            missing.append(last + 1)
        }
    }

    /// The parts that have bytes of a range.
    private func indexes(of range: Range<Int64>) -> Range<Int> {
        func first(where isBehind: (ArrivingContents.Part) -> Bool) -> Int {
            var (low, high) = (0, parts.count)
            while low < high {
                let middle = (low + high) / 2
                if isBehind(parts[middle]) { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let start = first { $0.place.upperBound > range.lowerBound }
        return start..<max(start, first { $0.place.lowerBound >= range.upperBound })
    }

    /// Parts that come with one request each.
    private func groups(_ indexes: [Int]) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        for index in indexes {
            if let last = groups.last, last.upperBound == index {
                let start = parts[last.lowerBound].blob.lowerBound
                let gap = parts[index].blob.lowerBound - parts[index - 1].blob.upperBound
                if (0...Self.widestGap).contains(gap),
                    parts[index].blob.upperBound - start <= Self.mostBytes
                {
                    groups[groups.count - 1] = last.lowerBound..<index + 1
                    continue
                }
            }
            groups.append(index..<index + 1)
        }
        return groups
    }

    private func bring(_ group: Range<Int>) async throws {
        defer { state.withLock { state in for index in group { state.coming[index] = nil } } }
        let start = parts[group.lowerBound].blob.lowerBound
        let range = start..<parts[group.upperBound - 1].blob.upperBound
        let stored = try await bytes(range)
        try await blocking { [parts, layer] in
            for part in parts[group] {
                let own = Int(part.blob.lowerBound - start)..<Int(part.blob.upperBound - start)
                let bytes = try part.bytes(from: Array(stored[own]))
                try layer.write(bytes, at: part.place.lowerBound)
            }
        }
        state.withLock { state in for index in group { state.isHere[index] = true } }
    }

    /// Bytes of the blob: from the disk where they have come, else from the registry.
    private func bytes(_ range: Range<Int64>) async throws -> [UInt8] {
        let digest = blob.descriptor.digest
        var failures = 0
        while true {
            let here = try await blocking { [pull] in try pull.content.bytes(range, of: digest) }
            if let here { return here }
            do {
                return try await pull.client.blobPart(digest, range, purpose: pull.purpose)
            } catch let problem as Problem where problem.kind == .unavailable {
                failures += 1
                let delay = pull.schedule.delay(
                    after: failures, retryAfter: nil, chance: .random(in: 0...1))
                guard let delay else { throw problem }
                try await Task.sleep(for: delay)
            }
        }
    }
}
