import AsyncHTTPClient
import Diagnostics
import NIOCore
import OCI

/// Moves one layer's bytes from the registry into a pipe, and goes on where a connection broke.
struct LayerTransfer: Sendable {
    let layer: LayerPull
    let pipe: ChunkPipe

    /// The size up to which portions of the network are copied together.
    ///
    /// Each comes in a buffer of its own that may be much larger, and many of them would be waiting.
    private static let batchInBytes = 256 << 10

    /// A portion that fills most of the largest buffer (see `HTTPTransport`) goes as it is.
    private static let wholeInBytes = 192 << 10

    /// Reports no more often than this.
    private static let reportInterval = Duration.milliseconds(100)

    /// How long to wait when a connection broke that had brought something.
    private static let delayAfterProgress = Duration.milliseconds(50)

    /// Sends the bytes from a place on, to the end.
    func run(fromByte start: Int64) async throws {
        var sent = start
        let size = layer.descriptor.size
        var failures = 0
        while sent < size {
            let before = sent
            let why: String
            do {
                try await receive(from: &sent)
                if sent >= size { return }
                why = "the registry ended after \(sent) of \(size) bytes"
            } catch let broken as BrokenTransfer {
                why = broken.why
            }
            if sent > before {  // it does work, if only for a while
                failures = 0
                try await Task.sleep(for: Self.delayAfterProgress)
                continue
            }
            failures += 1
            let delay = layer.pull.schedule.delay(
                after: failures, retryAfter: nil, chance: .random(in: 0...1))
            guard let delay else {
                throw Problem(
                    kind: .unavailable, what: layer.pull.purpose,
                    why: "the layer \(layer.descriptor.digest) broke off: \(why)",
                    fix: "pull again: it goes on where it stopped")
            }
            try await Task.sleep(for: delay)
        }
    }

    /// A connection that broke while the bytes came.
    private struct BrokenTransfer: Error {
        var why: String
    }

    /// One answer of the registry, to its end; `sent` counts what went into the pipe.
    private func receive(from sent: inout Int64) async throws {
        let download = try await layer.pull.client.blob(
            layer.descriptor, fromByte: sent, purpose: layer.pull.purpose)
        var surplus = sent - download.offsetInBytes  // what the pipe has had already
        var bytes = download.body.makeAsyncIterator()
        var batch = ByteBuffer()
        var lastReport = ContinuousClock.now - Self.reportInterval
        while true {
            let next: ByteBuffer?
            try await layer.pull.brake?.pass()
            do {
                next = try await bytes.next()
            } catch {
                try await send(&batch, &sent)
                try Task.checkCancellation()
                throw BrokenTransfer(why: TransportFailure.reason(of: error))
            }
            guard var chunk = next else { return try await send(&batch, &sent) }
            let skipped = min(surplus, Int64(chunk.readableBytes))
            chunk.moveReaderIndex(forwardBy: Int(skipped))
            surplus -= skipped
            if chunk.readableBytes >= Self.wholeInBytes {
                try await send(&batch, &sent)
                try await pipe.send(chunk)
                sent += Int64(chunk.readableBytes)
            } else {
                batch.writeBuffer(&chunk)
                if batch.readableBytes >= Self.batchInBytes { try await send(&batch, &sent) }
            }
            let now = ContinuousClock.now
            if now - lastReport >= Self.reportInterval {
                lastReport = now
                layer.report(.downloading, sent + Int64(batch.readableBytes))
            }
        }
    }

    /// Empties the batch into the pipe.
    private func send(_ batch: inout ByteBuffer, _ sent: inout Int64) async throws {
        guard batch.readableBytes > 0 else { return }
        let count = Int64(batch.readableBytes)
        try await pipe.send(batch)
        sent += count
        batch = ByteBuffer()
        batch.reserveCapacity(Self.batchInBytes + Self.wholeInBytes)
    }
}
