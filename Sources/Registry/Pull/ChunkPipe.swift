import NIOConcurrencyHelpers
import NIOCore

/// Bytes on their way from the network, which is asynchronous, to a thread that may block.
///
/// The pipe holds a bounded number of bytes: a sender waits while it is full, and with it the
/// connection, so that memory stays small however slow the disk is.
///
/// One task sends and one thread receives. It is `Sendable` because every stored variable is read
/// and written only while `lock` is held.
final class ChunkPipe: @unchecked Sendable {
    private let capacityInBytes: Int
    /// Its value tells the receiver whether there is something to take: a chunk or the end.
    private let lock = ConditionLock(value: false)
    private var chunks = CircularBuffer<ByteBuffer>()
    private var bufferedInBytes = 0
    private var end: End?
    private var refusal: (any Error)?
    private var waitingSender: CheckedContinuation<Void, Never>?

    /// How the bytes ended.
    private enum End {
        case complete
        case failed(any Error)
    }

    init(capacityInBytes: Int) {
        self.capacityInBytes = capacityInBytes
    }

    // MARK: The sender's side

    /// Hands bytes over, and waits while the pipe is full.
    ///
    /// It throws what the receiver gave to ``refuse(_:)``.
    func send(_ chunk: ByteBuffer) async throws {
        if offer(chunk) {
            await withCheckedContinuation { wait($0) }
        }
        if let refusal = refusalOfReceiver { throw refusal }
    }

    /// Says that all bytes were sent, or that no more will come.
    func finish(throwing error: (any Error)? = nil) {
        lock.lock()
        end = error.map(End.failed) ?? .complete
        lock.unlock(withValue: true)
    }

    /// Puts a chunk in; true when the sender has to wait.
    private func offer(_ chunk: ByteBuffer) -> Bool {
        lock.lock()
        guard refusal == nil else {
            lock.unlock()
            return false
        }
        chunks.append(chunk)
        bufferedInBytes += chunk.readableBytes
        let isFull = bufferedInBytes >= capacityInBytes
        lock.unlock(withValue: true)
        return isFull
    }

    private func wait(_ continuation: CheckedContinuation<Void, Never>) {
        lock.lock()
        if refusal != nil || bufferedInBytes < capacityInBytes {
            lock.unlock()
            continuation.resume()
        } else {
            waitingSender = continuation
            lock.unlock()
        }
    }

    private var refusalOfReceiver: (any Error)? {
        lock.lock()
        defer { lock.unlock() }
        return refusal
    }

    // MARK: The receiver's side

    /// The next bytes, waited for on this thread; nil at the end.
    func next() throws -> ByteBuffer? {
        lock.lock(whenValue: true)
        guard let chunk = chunks.popFirst() else {
            let end = end
            lock.unlock()
            if case .failed(let error)? = end { throw error }
            return nil
        }
        bufferedInBytes -= chunk.readableBytes
        var sender: CheckedContinuation<Void, Never>?
        if bufferedInBytes <= capacityInBytes / 2 { swap(&sender, &waitingSender) }
        lock.unlock(withValue: !chunks.isEmpty || end != nil)
        sender?.resume()
        return chunk
    }

    /// Takes no more bytes; the sender's next (or waiting) call throws the error.
    func refuse(_ error: any Error) {
        lock.lock()
        refusal = error
        chunks.removeAll()
        bufferedInBytes = 0
        var sender: CheckedContinuation<Void, Never>?
        swap(&sender, &waitingSender)
        lock.unlock()
        sender?.resume()
    }
}
